// What is said at once, and can it be told apart again?

import assert from "node:assert/strict";
import { test } from "node:test";
import { inSeries } from "../src/series.ts";
import { unrolled } from "./series.js";

const sent = (events) => JSON.parse(JSON.stringify(inSeries(events)));
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const level = (at, fields = { level: at % 6 }) => ({ type: "network_quality", stats: null, ...fields, at });
const media = (at, fields) => ({ type: "media_stats", ...fields, at });

test("four that are alike are said at once, three are not", () => {
  const levels = (count) => times(count, (at) => level(at));
  assert.deepEqual(sent(levels(3)), levels(3));
  assert.deepEqual(sent(levels(4)), [{ type: "network_quality_series", level: [0, 1, 2, 3], at: [0, 1, 2, 3] }]);
});

test("a direction holds columns of its own, with null where a row does not know", () => {
  const rows = [
    media(0, { rtt_ms: 60, up: { fps: 24, limited_by: "cpu" } }),
    media(1, { rtt_ms: 61, up: { fps: 12 }, down: { freezes: 1 } }),
    media(2, { down: { freezes: 0 } }),
    media(3),
  ];
  assert.deepEqual(sent(rows), [
    {
      type: "media_stats_series",
      rtt_ms: [60, 61, null, null],
      up: { fps: [24, 12, null, null], limited_by: ["cpu", null, null, null] },
      at: [0, 1, 2, 3],
      down: { freezes: [null, 1, 0, null] },
    },
  ]);
});

test("what no row knows has no column", () => {
  const [series] = sent(times(4, (at) => media(at, { interval_ms: 10_000, rtt_ms: null, down: { fps: null } })));
  assert.deepEqual(series, { type: "media_stats_series", interval_ms: Array(4).fill(10_000), down: {}, at: [0, 1, 2, 3] });
});

test("the stats behind a level stay whole, as the SDK handed them over", () => {
  const stats = { level: 2, audio: { send: 2, recv: 3, sendStats: null, recvStats: null }, video: null };
  const [series] = sent(times(4, (at) => level(at, { level: 2, stats: at === 2 ? stats : null })));
  assert.deepEqual(series.stats, [null, null, stats, null]);
});

test("a series stands where its first row stood, and the others keep their places", () => {
  const others = ["reconnecting", "reconnected", "disconnected"].map((state, at) => ({ type: "connection", state, at }));
  const events = [others[0], level(1), media(1), level(2), others[1], media(2), media(3), level(3), media(4), level(4), others[2]];
  assert.deepEqual(sent(events).map(({ type, state }) => state ?? type), [
    "reconnecting",
    "network_quality_series",
    "media_stats_series",
    "reconnected",
    "disconnected",
  ]);
});

test("kinds that are few, and other kinds however many, stay as they are", () => {
  const events = [...times(3, (at) => media(at)), ...times(40, (at) => ({ type: "speaker", at })), ...times(3, (at) => level(at))];
  assert.deepEqual(sent(events), events);
});

/** Numbers that look random and are the same every time. */
function* draws(seed) {
  for (;;) yield (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
}

test("whatever the rows know, a series is unrolled to the very same rows", () => {
  const random = draws(7);
  const draw = () => random.next().value;
  const known = (fields) => Object.fromEntries(Object.entries(fields).filter(() => draw() < 0.6));
  const direction = () => ({ jitter_ms: 4, ...known({ loss_ratio: draw(), bitrate_bps: 0, fps: 24, freezes: 0, limited_by: "none" }) });
  const someMedia = (at) => media(at, known({ interval_ms: at, rtt_ms: 0, up: direction(), down: direction() }));
  const someLevel = (at) => level(at, known({ level: at % 6, subject: `PA${at % 3}`, stats: { level: at % 6 } }));
  const someOf = (at) => (draw() < 0.5 ? someMedia(at) : someLevel(at));
  for (let round = 0; round < 200; round++) {
    const events = times(Math.floor(draw() * 30), someOf);
    const told = sent(events);
    for (const kind of ["media_stats", "network_quality"]) {
      const of = (list) => list.filter(({ type }) => type === kind);
      assert.deepEqual(of(unrolled(told)), of(events));
    }
    for (const { type, at, ...columns } of told) assert.ok(!type.endsWith("_series") || isFull(columns, at.length));
  }
});

function isFull(columns, length) {
  return Object.values(columns).every((column) => (Array.isArray(column) ? column.length === length : isFull(column, length)));
}
