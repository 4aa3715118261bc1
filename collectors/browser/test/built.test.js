// What does an application get?

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { mediaStats, read } from "../src/media_stats.ts";
import { ALICE, BOB, Call, over, settled } from "./twilio.js";

const MAX_BYTES = 4_096;
const dist = (name) => new URL(`../../dist/${name}`, import.meta.url); // seen from build/test

for (const name of ["roomwatch.js", "roomwatch.mjs"]) {
  test(`${name} is at most ${MAX_BYTES} bytes when packed`, async () => {
    const { length } = gzipSync(await readFile(dist(name)), { level: 9 });
    assert.ok(length <= MAX_BYTES, `${length}`);
  });
}

test("the module has watch, and nothing else", async () => {
  assert.deepEqual(Object.keys(await import(dist("roomwatch.mjs"))), ["watch"]);
});

test("the script leaves one global behind", async () => {
  const before = new Set(Object.getOwnPropertyNames(globalThis));
  (0, eval)(await readFile(dist("roomwatch.js"), "utf8"));
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name)), ["roomwatch"]);
});

/** A daemon that keeps what it gets, and as much of a page as there is in Node. */
async function page(t) {
  const posts = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const isPacked = request.headers["content-encoding"] === "gzip";
    posts.push({ url: request.url, ...JSON.parse(isPacked ? gunzipSync(body) : body) });
    response.writeHead(202).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  globalThis.document = Object.assign(new EventTarget(), { hidden: true });
  t.after(() => {
    server.close();
    delete globalThis.document;
  });
  return { posts, url: `http://127.0.0.1:${server.address().port}` };
}

async function until(holds) {
  for (let tries = 0; !holds() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(holds());
}

test("what was packed still watches a real room, in a real clock, over real HTTP", async (t) => {
  const { posts, url } = await page(t);
  const { watch } = await import(dist("roomwatch.mjs"));
  const call = new Call();
  await settled();
  const watcher = watch(call.room, { url, token: "a token", flushMs: 200 });
  await call.update({ participants: [call.bob()] });
  for (const level of [1, 2, 3, 4]) await call.quality(5, { sid: BOB, level });
  await until(() => watcher.status().waiting === 0 && watcher.status().sent > 5);
  for (const level of [4, 3, 2, 1]) call.hear("network_quality", { local: level, remotes: [] });
  watcher.feedback({ text: "x".repeat(1_500) });
  await settled();
  document.dispatchEvent(new Event("visibilitychange"));
  await until(() => watcher.status().waiting === 0);
  watcher.stop();
  await over(call);
  assert.deepEqual([posts[0].participant_sid, posts[0].seq], [ALICE, 0]);
  assert.equal(watcher.status().lost, 0);
  const leaving = posts.find((post) => post.url.endsWith("?token=a%20token"));
  const { type, level } = leaving.events.find((event) => event.at.length);
  assert.deepEqual([type, level], ["network_quality_series", [4, 3, 2, 1]]);
});

test("what was packed makes of getStats what its sources make of it", async (t) => {
  const { posts, url } = await page(t);
  const { watch } = await import(dist("roomwatch.mjs"));
  const stats = (count) => [{
    localVideoTrackStats: [{ trackSid: "MT1", ssrc: "1", bytesSent: count * 9_000, packetsSent: count * 90, packetsLost: count, roundTripTime: 61, dimensions: { width: 640, height: 360 }, frameRate: 24, qualityLimitationReason: "cpu" }],
    remoteVideoTrackStats: [{ trackSid: "MT2", ssrc: "2", bytesReceived: count * 8_000, packetsReceived: count * 80, packetsLost: count, jitter: 12, dimensions: { width: 320, height: 180 }, frameRate: 12, freezeCount: count }],
  }];
  const call = new Call();
  let count = 0;
  Object.defineProperty(call.room, "getStats", { value: async () => stats(count++) });
  const watcher = watch(call.room, { url, token: "a token", flushMs: 10, intervalMs: 1_000 });
  const seen = () => posts.flatMap(({ events }) => events).find(({ type }) => type === "media_stats");
  await until(seen);
  watcher.stop();
  await over(call);
  const { at, interval_ms, ...packed } = seen();
  const { interval_ms: _, ...plain } = mediaStats(read(stats(0), 0), read(stats(1), interval_ms));
  assert.deepEqual(packed, JSON.parse(JSON.stringify(plain)));
  assert.deepEqual(Object.keys(packed.up).length, 6);
});

test("what is installed depends on nothing, and brings its types", async () => {
  const manifest = JSON.parse(await readFile(dist("package.json"), "utf8"));
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined]);
  const { types, default: module } = manifest.exports["."];
  assert.ok((await readFile(dist(types), "utf8")).includes("export function watch"));
  assert.ok((await readFile(dist(module), "utf8")).length);
});
