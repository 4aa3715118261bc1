// The last word: once the daemon has said stop, a page is silent for good.  One test a file, since it cannot be undone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { Call, over, settled } from "./twilio.js";
import { TestWorld } from "./world.js";

test("410 silences every room of the page, and those that are joined later", async () => {
  const options = { url: "https://watch.example.com", token: "a token" };
  const world = new TestWorld({ status: 410 });
  const calls = [new Call(), new Call()];
  const watchers = calls.map((call) => watchIn(world, call.room, options));
  await settled();
  await world.pass(10_000);
  watchers[0].feedback({ rating: 1 });
  await calls[1].quality(1);
  const late = watchIn(world, calls[0].room, options);
  late.feedback({ rating: 1 });
  await world.leave();
  await world.pass(600_000);
  assert.ok(world.asked.length <= 2);
  assert.deepEqual([world.timers, world.leavers.size, world.written.size], [[], 0, 0]);
  assert.deepEqual(watchers.concat(late).map((watcher) => watcher.status().waiting), [0, 0, 0]);
  const names = calls.flatMap((call) => call.room.eventNames());
  await Promise.all(calls.map(over));
  assert.deepEqual(names, ["disconnected", "disconnected"]); // the SDK's own
});
