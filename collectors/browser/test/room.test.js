// What does a real Room's life look like on the wire?

import assert from "node:assert/strict";
import { test } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { ALICE, BOB, BOBS_CAMERA, CAMERA, Call, MICROPHONE, ROOM, camera, detail, over, settled } from "./twilio.js";
import { OPTIONS, watched, watching } from "./watched.js";
import { TestWorld } from "./world.js";

test("a post says who sends it from which room, and numbers itself", async () => {
  const { call, world } = await watched();
  await world.pass(2_000);
  await call.quality(4);
  await world.pass(2_000);
  const [first, second] = world.posts;
  assert.equal(world.asked[0].url, "https://watch.example.com/v1/telemetry");
  assert.equal(world.asked[0].init.headers.Authorization, "Bearer a token");
  assert.deepEqual([first.v, first.room_sid, first.room_name], [1, ROOM, "acme:class:1"]);
  assert.deepEqual([first.participant_sid, first.identity], [ALICE, "alice"]);
  assert.deepEqual([first.seq, second.seq, first.session === second.session], [0, 1, true]);
  assert.equal(first.sent_at, 1_763_690_002_000);
  assert.equal(first.client.name, "roomwatch.js");
  assert.equal(first.client.edge, "us1");
});

test("at verbosity 1 there are levels and no stats", async () => {
  const { call, world } = await watched({ local: 1, remote: 1, participants: [] });
  await call.update({ participants: [call.bob()] });
  await call.quality(3, { sid: BOB, level: 4 });
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality"), [
    { level: 3, stats: null },
    { level: 4, stats: null, subject: BOB },
  ]);
});

test("at verbosity 2 the stats have partial levels", async () => {
  const { call, world } = await watched({ local: 2, remote: 2 });
  await call.quality({ level: 3, audio: { send: 3, recv: 4 }, video: { send: 3, recv: 3 } });
  await world.pass(2_000);
  const [{ stats }] = world.of("network_quality");
  assert.deepEqual(stats.audio, { send: 3, recv: 4, sendStats: null, recvStats: null });
});

test("at verbosity 3 the stats are passed on as the SDK handed them over", async () => {
  const { call, world } = await watched();
  const handed = [];
  call.localParticipant.on("networkQualityLevelChanged", (level, stats) => handed.push({ level, stats }));
  await call.quality({ level: 2, audio: detail(2), video: detail(3) });
  await world.pass(2_000);
  assert.equal(handed[0].stats.audio.sendStats.latency.rtt, 0.061);
  assert.deepEqual(world.of("network_quality"), JSON.parse(JSON.stringify(handed)));
});

test("what the server did not tell of is null inside the stats, and stays null", async () => {
  const { call, world } = await watched();
  const sendStats = { latency: { rtt: 0.9 } };
  await call.quality({ level: 1, audio: { send: 1, recv: 2, sendStats }, video: null });
  await world.pass(2_000);
  const [{ stats }] = world.of("network_quality");
  assert.equal(stats.video, null);
  assert.deepEqual(stats.audio, {
    send: 1,
    recv: 2,
    sendStats: { bandwidth: null, fractionLost: null, latency: { jitter: null, rtt: 0.9, level: null } },
    recvStats: null,
  });
});

test("a level that comes without stats has none, at any verbosity", async () => {
  const { call, world } = await watched();
  await call.quality(4);
  await call.quality({ level: 2 });
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality"), [
    { level: 4, stats: null },
    { level: 2, stats: null },
  ]);
});

test("the stats of others are told as fully as one's own, where they were asked for", async () => {
  const { call, world } = await watched();
  await call.update({ participants: [call.bob()] });
  await call.quality(5, { sid: BOB, level: 3, audio: detail(3), video: detail(4) });
  await world.pass(2_000);
  const [, { stats, ...bobs }] = world.of("network_quality");
  assert.deepEqual(bobs, { level: 3, subject: BOB });
  assert.deepEqual(stats, JSON.parse(JSON.stringify(call.room.participants.get(BOB).networkQualityStats)));
  assert.deepEqual(stats.video.recvStats.bandwidth, { actual: 640_000, available: 2_400_000, level: 4 });
});

test("others at verbosity 0 have no level, and nothing is made up for them", async () => {
  const { call, world } = await watched({ remote: 0 });
  await call.update({ participants: [call.bob()] });
  await call.quality(3);
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality"), [{ level: 3, stats: null }]);
});

test("a level that stays the same is told once", async () => {
  const { call, world } = await watched();
  await call.quality({ level: 3, audio: detail(3), video: detail(3) });
  await call.quality({ level: 3, audio: detail(2), video: detail(3) });
  await world.pass(2_000);
  assert.equal(world.of("network_quality").length, 1);
});

test("a level that was there before is told, and one that nobody knows is not", async () => {
  const call = new Call({ participants: [{ sid: BOB, identity: "bob", state: "connected", revision: 1, tracks: [] }] });
  await settled();
  await call.quality(5);
  const { world } = watching(call);
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality"), [{ level: 5, stats: null }]);
});

test("who comes later is listened to, and who left is not", async () => {
  const { call, world } = await watched();
  await call.update({ participants: [call.bob()] });
  const bob = call.room.participants.get(BOB);
  await call.quality(5, { sid: BOB, level: 1 });
  await call.update({ participants: [call.bob("reconnecting")] });
  await call.update({ participants: [call.bob("connected")] });
  await call.update({ participants: [call.bob("disconnected")] });
  await world.pass(2_000);
  assert.equal(bob.listenerCount("networkQualityLevelChanged"), 0);
  assert.deepEqual(world.of("connection"), [
    { state: "connected" },
    { state: "connected", subject: BOB },
    { state: "reconnecting", subject: BOB },
    { state: "reconnected", subject: BOB },
    { state: "disconnected", subject: BOB },
  ]);
});

test("lost media is code 53405 and level 0, lost signaling is 53001", async () => {
  const { call, world } = await watched();
  await call.quality(4);
  await call.ice("failed");
  await call.ice("connected");
  await call.signaling("syncing");
  await call.signaling("connected");
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality").map(({ level, stats }) => [level, stats]), [[4, null], [0, null]]);
  assert.deepEqual(world.of("connection").slice(1), [
    { state: "reconnecting", code: 53405 },
    { state: "reconnected" },
    { state: "reconnecting", code: 53001 },
    { state: "reconnected" },
  ]);
});

test("who leaves on purpose has no code", async () => {
  const { call, world } = await watched();
  call.room.disconnect();
  await world.pass(2_000);
  assert.deepEqual(world.of("connection").at(-1), { state: "disconnected" });
});

for (const code of [20104, 53000, 53118, 53204, 53405]) {
  test(`an end by ${code} is told as ${code}`, async () => {
    const { call, world } = await watched();
    await call.signaling("disconnected", code, "as told");
    await world.pass(2_000);
    assert.deepEqual(world.of("connection").at(-1), { state: "disconnected", code });
  });
}

test("who comes back under a new SID is listened to under it", async () => {
  const { call, world } = await watched();
  const again = { ...call.bob(), sid: BOB.replace(/2$/, "9") };
  await call.update({ participants: [call.bob()] });
  await call.update({ participants: [call.bob("disconnected")] });
  await call.update({ participants: [{ ...again, revision: ++call.revision }] });
  await call.quality(5, { sid: again.sid, level: 2 });
  await world.pass(2_000);
  assert.deepEqual(world.of("network_quality").at(-1), { level: 2, stats: null, subject: again.sid });
});

test("the end is told with its code, nothing is listened to any more, and a person may still say how it was", async () => {
  const { call, world, watcher } = await watched();
  await call.signaling("disconnected", 53205, "duplicate identity");
  await world.pass(2_000);
  watcher.feedback({ rating: 2, text: "froze" });
  await world.pass(60_000);
  assert.deepEqual(world.of("connection").at(-1), { state: "disconnected", code: 53205 });
  assert.deepEqual(world.of("feedback"), [{ rating: 2, text: "froze" }]);
  assert.deepEqual([world.of("media_stats"), world.timers], [[], []]);
  assert.deepEqual(call.room.eventNames(), []);
});

test("tracks come, go, are switched off and fail", async () => {
  const { call, world } = await watched();
  const tracks = (...failed) => ({ subscribed: { revision: ++call.revision, tracks: failed } });
  await call.update({ participants: [call.bob("connected", [camera])] });
  const bob = call.room.participants.get(BOB);
  const publication = bob.tracks.get(BOBS_CAMERA);
  bob.emit("trackSwitchedOff", { kind: "video" }, publication);
  bob.emit("trackSwitchedOn", { kind: "video" }, publication);
  await call.update(tracks({ sid: BOBS_CAMERA, error: { code: 53404, message: "No supported codec" } }));
  await call.update({ participants: [call.bob("connected", [])] });
  await world.pass(2_000);
  const event = (state, more) => ({ state, track_sid: BOBS_CAMERA, kind: "video", subject: BOB, ...more });
  assert.deepEqual(world.of("track"), [
    event("published"),
    event("switched_off"),
    event("switched_on"),
    event("subscription_failed", { code: 53404 }),
    event("unpublished"),
  ]);
});

test("the reporter's own tracks have no subject", async () => {
  const { call, world } = await watched();
  const microphone = await call.publish("audio", "microphone", { sid: MICROPHONE });
  microphone.disable();
  microphone.enable();
  microphone.stop();
  await call.publish("video", "camera", { code: 53304 });
  await world.pass(2_000);
  const event = (state) => ({ state, track_sid: MICROPHONE, kind: "audio" });
  assert.deepEqual(world.of("track"), [
    event("published"),
    event("disabled"),
    event("enabled"),
    event("stopped"),
    { state: "publication_failed", kind: "video", code: 53304 },
  ]);
});

test("own tracks that were there before are told", async () => {
  const call = new Call();
  await call.publish("video", "camera", { sid: CAMERA });
  const { world } = watching(call);
  await world.pass(2_000);
  assert.deepEqual(world.of("track"), [{ state: "published", track_sid: CAMERA, kind: "video" }]);
});

test("the dominant speaker is told, and that there is none", async () => {
  const { call, world } = await watched();
  await call.update({ participants: [call.bob()] });
  await call.hear("active_speaker", { participant: BOB });
  await call.hear("active_speaker", { participant: null });
  await world.pass(2_000);
  assert.deepEqual(world.of("speaker"), [{ subject: BOB }, {}]);
});

test("a preflight report travels without addresses", async () => {
  const { world, watcher } = await watched();
  const pair = { localCandidate: { ip: "192.0.2.1", candidateType: "relay" } };
  watcher.preflight({ stats: { rtt: { average: 60 } }, selectedIceCandidatePairStats: pair });
  await world.pass(2_000);
  const [{ report }] = world.of("preflight");
  assert.deepEqual(report, {
    stats: { rtt: { average: 60 } },
    selectedIceCandidatePairStats: { localCandidate: { candidateType: "relay" } },
  });
});

test("stopping sends what waits, leaves nothing behind, and takes nothing more", async () => {
  const { call, world, watcher } = await watched();
  await call.quality(1);
  const listeners = () => call.room.eventNames().map((name) => [name, call.room.listenerCount(name)]);
  watcher.stop();
  watcher.feedback({ rating: 5 });
  await world.pass(0);
  assert.equal(world.of("network_quality").length, 1);
  assert.deepEqual(world.of("feedback"), []);
  assert.deepEqual([world.timers, world.leavers.size], [[], 0]);
  assert.deepEqual(listeners(), [["disconnected", 1]]); // the SDK's own
});

test("nothing that goes wrong reaches the application", async () => {
  assert.doesNotThrow(() => watchIn(new TestWorld(), null, OPTIONS).feedback({ rating: 5 }));
  assert.doesNotThrow(() => watchIn(new TestWorld(), {}, undefined).stop());
  const { call, world, watcher } = await watched({ watch: { token: () => Promise.reject(new Error("no")) } });
  call.room.getStats = () => {
    throw new Error("no");
  };
  const circle = {};
  circle.circle = circle;
  assert.doesNotThrow(() => watcher.preflight(circle));
  assert.doesNotThrow(() => watcher.feedback());
  assert.doesNotThrow(() => call.localParticipant.emit("trackPublished", null));
  await world.pass(120_000);
  assert.deepEqual(world.posts, []);
});

test("of a share of rooms, everybody in a room decides alike", async () => {
  const call = new Call();
  assert.equal(watching(call, { sample: 0 }).watcher.status().waiting, 0);
  assert.equal(watching(call, { sample: 0.01 }).watcher.status().waiting, 1);
});
