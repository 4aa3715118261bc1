// What is told of somebody whose microphone, camera or room could not be had?

import assert from "node:assert/strict";
import { test } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { watched } from "./watched.js";
import { TestWorld } from "./world.js";

const OPTIONS = { url: "https://watch.example.com", token: "a token" };
const UNJOINED = { name: "acme:class:1", identity: "alice" };

const told = (world) => world.events.map(({ at, ...event }) => event);

function unjoined(world = new TestWorld()) {
  return { world, watcher: watchIn(world, UNJOINED, OPTIONS) };
}

test("before there is a room, a failure is told by the room's name and who wanted to join", async () => {
  const { world, watcher } = unjoined();
  watcher.failed(new DOMException("Permission denied", "NotAllowedError"), "video");
  await world.pass(2_000);
  const [post] = world.posts;
  assert.deepEqual([post.room_name, post.identity], ["acme:class:1", "alice"]);
  assert.ok(!("room_sid" in post || "participant_sid" in post));
  assert.deepEqual(told(world), [{ type: "device", error: "NotAllowedError", kind: "video" }]);
});

test("an unjoined room is not asked for anything, however long it waits", async () => {
  const { world, watcher } = unjoined();
  await world.pass(120_000);
  assert.equal(world.asked.length, 0);
  watcher.stop();
  assert.deepEqual(watcher.status(), { sent: 0, waiting: 0, lost: 0 });
});

test("what was passed on before stop() is still sent", async () => {
  const { world, watcher } = unjoined();
  watcher.failed({ name: "NotFoundError" });
  watcher.stop();
  await world.pass(2_000);
  assert.deepEqual(told(world), [{ type: "device", error: "NotFoundError" }]);
});

test("a share of rooms leaves out no one who could not join", async () => {
  const world = new TestWorld();
  watchIn(world, UNJOINED, { ...OPTIONS, sample: 0 }).failed({ name: "NotReadableError" });
  await world.pass(2_000);
  assert.equal(told(world).length, 1);
});

test("Twilio's refusal of somebody who wants to join is a disconnection with its code", async () => {
  const { world, watcher } = unjoined();
  watcher.failed(Object.assign(new Error("Room contains too many Participants"), { name: "TwilioError", code: 53105 }));
  await world.pass(2_000);
  assert.deepEqual(told(world), [{ type: "connection", state: "disconnected", code: 53105 }]);
});

test("the numbers that browsers once gave to errors are no codes of Twilio's", async () => {
  const { world, watcher } = unjoined();
  watcher.failed(new DOMException("Requested device not found", "NotFoundError"));
  await world.pass(2_000);
  assert.deepEqual(told(world), [{ type: "device", error: "NotFoundError" }]);
});

test("a failure in a room never ends the call on the page", async () => {
  const { world, watcher } = await watched();
  watcher.failed(Object.assign(new Error("Media connection failed"), { name: "TwilioError", code: 53405 }));
  await world.pass(2_000);
  assert.deepEqual(world.of("device"), [{ error: "TwilioError" }]);
  assert.ok(world.of("connection").every(({ state }) => state === "connected"));
});

test("nothing of the error but its name is sent: its words may name a device", async () => {
  const { world, watcher } = unjoined();
  watcher.failed(Object.assign(new Error("Could not start alice's webcam"), { name: "NotReadableError", constraint: "deviceId" }));
  await world.pass(2_000);
  assert.deepEqual(Object.keys(told(world)[0]), ["type", "error"]);
});

for (const nonsense of [undefined, null, "no", 7]) {
  test(`failed(${nonsense}) throws nothing`, async () => {
    const { world, watcher } = unjoined();
    watcher.failed(nonsense);
    await world.pass(2_000);
    assert.equal(told(world).filter(({ error }) => error).length, 0);
  });
}
