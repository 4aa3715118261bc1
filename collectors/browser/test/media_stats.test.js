import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaStats, read } from "../src/media_stats.ts";

const up = (...streams) => [{ localAudioTrackStats: [], localVideoTrackStats: streams }];
const down = (...streams) => [{ remoteAudioTrackStats: [], remoteVideoTrackStats: streams }];
const sent = (ssrc, bytesSent, packetsSent, packetsLost, more) => ({ trackSid: "MT1", ssrc, bytesSent, packetsSent, packetsLost, ...more });
const received = (ssrc, bytesReceived, packetsReceived, packetsLost, more) => ({ trackSid: "MT2", ssrc, bytesReceived, packetsReceived, packetsLost, ...more });
const over10s = (before, now) => JSON.parse(JSON.stringify(mediaStats(read(before, 0), read(now, 10_000)) ?? null));

test("what was lost on the way up is among what was sent, on the way down it is not", () => {
  assert.equal(over10s(up(sent("1", 0, 0, 0)), up(sent("1", 1, 100, 10))).up.loss_ratio, 0.1);
  assert.equal(over10s(down(received("1", 0, 0, 0)), down(received("1", 1, 90, 10))).down.loss_ratio, 0.1);
});

test("bits are counted over all layers of a simulcast, and the picture is the best layer that is sent", () => {
  const layers = (bytes, packets) => [
    sent("1", bytes, packets, 0, { dimensions: { width: 320, height: 180 }, frameRate: 15 }),
    sent("2", bytes * 3, packets, 0, { dimensions: { width: 640, height: 360 }, frameRate: 24 }),
    sent("3", 77, 7, 0, { dimensions: { width: 1280, height: 720 }, frameRate: 0 }),
  ];
  const { up: seen } = over10s(up(...layers(0, 0)), up(...layers(250_000, 100)));
  assert.deepEqual([seen.bitrate_bps, seen.fps, seen.width, seen.height], [800_000, 24, 640, 360]);
});

test("a stream whose counters went back, or that is new, counts for nothing this time", () => {
  const { down: seen } = over10s(
    down(received("1", 900_000, 900, 50, { freezeCount: 9 }), received("2", 0, 0, 0)),
    down(received("1", 1_000, 10, 0, { freezeCount: 0 }), received("2", 125_000, 100, 0), received("3", 9e9, 9e9, 9e9)),
  );
  assert.deepEqual([seen.bitrate_bps, seen.loss_ratio, seen.freezes], [100_000, 0, undefined]);
});

test("after a reset the next interval counts again", () => {
  assert.equal(over10s(down(received("1", 1_000, 10, 0)), down(received("1", 126_000, 110, 0))).down.bitrate_bps, 100_000);
});

test("unknown is not zero", () => {
  const nothing = { packetsLost: null, jitter: null, roundTripTime: null, frameRate: null, dimensions: null };
  const seen = over10s(up(sent("1", null, null, null, nothing)), up(sent("1", null, null, null, nothing)));
  assert.deepEqual(seen, { type: "media_stats", interval_ms: 10_000, up: {} });
});

test("a track that carries nothing has a bitrate of zero and no loss to speak of", () => {
  const { up: seen } = over10s(up(sent("1", 5, 5, 0)), up(sent("1", 5, 5, 0)));
  assert.deepEqual([seen.bitrate_bps, seen.loss_ratio], [0, undefined]);
});

test("of several delays the worst is told, in milliseconds as they came", () => {
  const streams = [sent("1", 0, 0, 0, { roundTripTime: 61, jitter: 4 }), sent("2", 0, 0, 0, { roundTripTime: 59, jitter: 8 })];
  const seen = over10s(up(...streams), up(...streams));
  assert.deepEqual([seen.rtt_ms, seen.up.jitter_ms], [61, 8]);
});

test("of several limits the one that the network is to blame for is told", () => {
  const limits = (...reasons) => up(...reasons.map((reason, ssrc) => sent(`${ssrc}`, 0, 0, 0, { qualityLimitationReason: reason })));
  const limitedBy = (...reasons) => over10s(limits(...reasons), limits(...reasons)).up.limited_by;
  assert.deepEqual([limitedBy("none", "cpu", "bandwidth"), limitedBy("none"), limitedBy(null)], ["bandwidth", "none", undefined]);
});

test("a room without any track, or a clock that went back, says nothing", () => {
  assert.equal(over10s(up(), up()), null);
  assert.equal(mediaStats(read(up(sent("1", 0, 0, 0)), 5), read(up(sent("1", 9, 9, 0)), 5)), undefined);
});
