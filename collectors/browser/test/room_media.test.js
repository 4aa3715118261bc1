// What becomes of the stats of a real Room?  The raw form is what the SDK makes of a browser's RTCStatsReport.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BOBS_CAMERA, CAMERA, MICROPHONE, camera, sentId } from "./twilio.js";
import { watched } from "./watched.js";

/** A watched call whose `getStats` says one thing after the other, ten seconds apart; returns what was told of it. */
async function told(call, world, ...readings) {
  for (const raw of readings) {
    call.stats(raw);
    await world.pass(10_000);
  }
  await world.pass(2_000);
  return world.of("media_stats");
}

async function watchedBob() {
  const { call, world } = await watched();
  await call.update({ participants: [call.bob("connected", [camera])] });
  await call.update({ subscribed: { revision: 1, tracks: [{ sid: BOBS_CAMERA, id: "bobs" }] } });
  return { call, world };
}

const bobs = (bytesReceived, packetsReceived, packetsLost, more) => ({
  remoteVideoTrackStats: [{ trackId: "bobs", ssrc: "22", timestamp: 1, bytesReceived, packetsReceived, packetsLost, ...more }],
});

test("what comes from others is told in the units of the wire", async () => {
  const { call, world } = await watchedBob();
  const picture = { jitter: 12, frameWidthReceived: 640, frameHeightReceived: 480, frameRateReceived: 24 };
  const seen = await told(
    call,
    world,
    bobs(500_000, 900, 4, { ...picture, freezeCount: 1 }),
    bobs(1_500_000, 1_890, 14, { ...picture, freezeCount: 3 }),
  );
  assert.deepEqual(seen.at(-1), {
    interval_ms: 10_000,
    down: { loss_ratio: 0.01, jitter_ms: 12, bitrate_bps: 800_000, fps: 24, width: 640, height: 480, freezes: 2 },
  });
});

test("what goes to others is told over all tracks, the worst delay and the best picture", async () => {
  const { call, world } = await watched();
  await call.publish("audio", "microphone", { sid: MICROPHONE });
  await call.publish("video", "camera", { sid: CAMERA });
  const layer = (ssrc, width, height, bytesSent) => ({
    trackId: sentId("camera"),
    ssrc,
    bytesSent,
    packetsSent: bytesSent / 1_000,
    packetsLost: 0,
    roundTripTime: 61,
    frameWidthSent: width,
    frameHeightSent: height,
    frameRateSent: 24,
    qualityLimitationReason: ssrc === "3" ? "bandwidth" : "none",
  });
  const microphone = (bytesSent, packetsLost) => ({ trackId: sentId("microphone"), ssrc: "1", bytesSent, packetsSent: bytesSent / 100, packetsLost, roundTripTime: 48, jitter: 4 });
  const raw = (count) => ({
    localAudioTrackStats: [microphone(count * 50_000, count * 30)],
    localVideoTrackStats: [layer("2", 320, 180, count * 200_000), layer("3", 640, 360, count * 750_000)],
  });
  const seen = await told(call, world, raw(1), raw(2));
  assert.deepEqual(seen.at(-1), {
    interval_ms: 10_000,
    rtt_ms: 61,
    up: { loss_ratio: +(30 / 1_450).toFixed(4), jitter_ms: 4, bitrate_bps: 800_000, fps: 24, width: 640, height: 360, limited_by: "bandwidth" },
  });
});

test("a counter that begins anew says nothing once, and counts on from there", async () => {
  const { call, world } = await watchedBob();
  const [, , , reset, after] = await told(
    call,
    world,
    bobs(0, 0, 0),
    bobs(1_000_000, 1_000, 0),
    bobs(2_000_000, 2_000, 20),
    bobs(5_000, 5, 0),
    bobs(1_005_000, 995, 10),
  );
  assert.deepEqual(reset.down, {});
  assert.deepEqual(after.down, { loss_ratio: 0.01, bitrate_bps: 800_000 });
});

test("a track that is subscribed anew under another SSRC does not count what it had before", async () => {
  const { call, world } = await watchedBob();
  const anew = { remoteVideoTrackStats: [{ ...bobs(9_000_000, 9_000, 900).remoteVideoTrackStats[0], ssrc: "23" }] };
  const seen = await told(call, world, bobs(0, 0, 0), bobs(1_000_000, 1_000, 0), anew);
  assert.deepEqual(seen.at(-1).down, {});
});

test("what a browser does not tell is unknown, not zero", async () => {
  const { call, world } = await watchedBob();
  const nothing = { remoteVideoTrackStats: [{ trackId: "bobs", ssrc: "22", timestamp: 1 }] };
  const seen = await told(call, world, nothing, nothing);
  assert.deepEqual(seen.at(-1), { interval_ms: 10_000, down: {} });
});

test("a browser that counts bytes and packets, but no losses, has no loss to speak of", async () => {
  const { call, world } = await watchedBob();
  const seen = await told(call, world, bobs(0, 0), bobs(1_000_000, 1_000));
  assert.deepEqual(seen.at(-1).down, { bitrate_bps: 800_000 });
});

test("a room without any track says nothing of its media", async () => {
  const { call, world } = await watched();
  assert.deepEqual(await told(call, world, {}, {}, {}), []);
});

test("getStats that fails once is missing once", async () => {
  const { call, world } = await watchedBob();
  const { getStats } = call.peers;
  call.stats(bobs(0, 0, 0));
  await world.pass(10_000);
  call.peers.getStats = () => Promise.reject(new Error("InvalidStateError"));
  await world.pass(10_000);
  call.peers.getStats = getStats;
  const seen = await told(call, world, bobs(2_000_000, 2_000, 0));
  assert.deepEqual(seen.at(-1), { interval_ms: 20_000, down: { loss_ratio: 0, bitrate_bps: 800_000 } });
});
