// The daemon's other way to say that a page shall be silent: in the body of any answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { Call, over } from "./twilio.js";
import { TestWorld } from "./world.js";

test("an answer that says stop is the last one that is asked for", async () => {
  const world = new TestWorld({ said: { accepted: 1, rejected: [], stop: true } });
  const call = new Call();
  const watcher = watchIn(world, call.room, { url: "https://watch.example.com", token: "a token" });
  await world.pass(2_000);
  watcher.feedback({ rating: 1 });
  await world.pass(600_000);
  assert.equal(world.asked.length, 1);
  await over(call);
});
