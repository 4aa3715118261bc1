import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOf, osOf } from "../src/client.ts";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/";
const AGENTS = [
  [`${MAC}537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36`, "Chrome 156", "macOS"],
  [`${MAC}605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15`, "Safari 19", "macOS"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge 156", "Windows"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140", "Linux"],
  ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36", "Chrome 156", "Android"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1", "Chrome 156", "iOS"],
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36", "Chrome 156", "Linux"],
  ["something else", undefined, undefined],
];

for (const [agent, browser, os] of AGENTS) {
  test(`${agent.slice(0, 40)}… is ${browser} on ${os}`, () => {
    assert.deepEqual([browserOf(agent), osOf(agent)], [browser, os]);
  });
}
