// What arrives after an absence?  As much as of a daemon that was always there, in fewer bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BOB, BOBS_CAMERA, Call, camera, detail, settled } from "./twilio.js";
import { watchIn } from "../src/roomwatch.ts";
import { unrolled } from "./series.js";
import { OPTIONS, watching } from "./watched.js";
import { TestWorld } from "./world.js";

const AWAY = { lost: true };
const LONG = { status: 503, headers: { "Retry-After": "1000" } };
const kinds = (posts) => posts.flatMap(({ events }) => events.map(({ type }) => type));

/** A call with bob in it, watched for one daemon that is there and one that is away at first. */
async function twice(...answers) {
  const call = new Call();
  await settled();
  const there = watching(call);
  const away = watching(call, {}, ...answers);
  await call.update({ participants: [call.bob("connected", [camera])] });
  await call.update({ subscribed: { revision: 1, tracks: [{ sid: BOBS_CAMERA, id: "bobs" }] } });
  const pass = async (ms) => {
    await there.world.pass(ms);
    await away.world.pass(ms);
  };
  return { call, there, away, pass };
}

function counted(count) {
  const dropped = count === 3 ? {} : { packetsLost: count * 2, freezeCount: Math.floor(count / 4) };
  return { remoteVideoTrackStats: [{ trackId: "bobs", ssrc: "22", bytesReceived: count * 1_000_000, packetsReceived: count * 1_000, jitter: 4, frameWidthReceived: 640, frameHeightReceived: 480, frameRateReceived: 24, ...dropped }] };
}

/** Ten minutes of a call whose levels change twice a minute. */
async function tenMinutes(call, pass) {
  for (let count = 0; count < 60; count++) {
    call.stats(counted(count));
    if (count % 3 === 0) await call.quality({ level: 1 + (count % 4), audio: detail(4) }, { sid: BOB, level: 1 + (count % 5) });
    await pass(10_000);
  }
  await pass(120_000);
}

test("rows that waited come as series, and are the very rows that others sent one by one", async () => {
  const { call, there, away, pass } = await twice(...Array(8).fill(AWAY), {});
  await tenMinutes(call, pass);
  for (const type of ["media_stats", "network_quality", "connection", "track"]) {
    const of = ({ world }) => world.events.filter((event) => event.type === type);
    assert.deepEqual(of(away), of(there), type);
  }
  assert.ok(kinds(away.world.posts).includes("media_stats_series"));
  assert.ok(kinds(away.world.posts).includes("network_quality_series"));
  assert.ok(!kinds(there.world.posts).includes("media_stats_series"));
  assert.deepEqual(away.watcher.status(), there.watcher.status());
});

test("status counts rows, not series: those that wait, that arrived, and that were refused", async () => {
  const refusal = { index: 3, error: "events[3].level[7]: expected 0..5, got 9" };
  const { call, away, pass } = await twice(AWAY, LONG, { said: { accepted: 10, rejected: [refusal] } }, {});
  await tenMinutes(call, pass);
  const waiting = away.watcher.status().waiting;
  await pass(600_000);
  const [first] = away.world.posts;
  const { sent, lost } = away.watcher.status();
  assert.ok(waiting > 60 && first.events.length < 10, `${waiting} ${first.events.length}`);
  assert.equal(lost, unrolled(first.events).length - 10);
  assert.equal(sent, away.world.events.length - lost);
});

test("a post that is sent again under its number has the same events in it", async () => {
  const { call, away, pass } = await twice(AWAY, LONG, AWAY, AWAY, {});
  await tenMinutes(call, pass);
  await pass(600_000);
  const told = new Map();
  for (const { post } of away.world.asked) {
    const { seq, events } = post;
    assert.equal(JSON.stringify(events), told.get(seq) ?? JSON.stringify(events));
    told.set(seq, JSON.stringify(events));
  }
  assert.ok(away.world.asked.length > told.size);
});

test("what survives a reload is told as series by the next page, under the old numbers", async () => {
  const { call, away, pass } = await twice(AWAY, LONG);
  await tenMinutes(call, pass);
  const asked = away.world.asked.length;
  await away.world.leave();
  const next = new TestWorld();
  next.written = away.world.written;
  watchIn(next, call.room, OPTIONS).stop();
  await next.pass(10_000);
  assert.equal(away.world.asked.length, asked);
  assert.deepEqual(next.posts[0].session, away.world.asked[0].post.session);
  assert.ok(kinds(next.posts).includes("media_stats_series"));
  assert.ok(next.events.length > 90, `${next.events.length}`);
});
