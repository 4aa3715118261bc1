import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, laneMeant, pointed, sharedToken } from "../src/call/address.ts";
import { momentAt, position, ticks, tickStepMs } from "../src/call/axis.ts";
import { isTrouble, marksNear, marksOf, rowMarks, strips, wordsOf } from "../src/call/marks.ts";
import { closerPart, isCovered } from "../src/call/closer.ts";
import { boundInWords, isBad, METRICS } from "../src/call/metrics.ts";
import { joinedSpans, withSteps } from "../src/call/news.ts";
import { hadTrouble, ordered } from "../src/call/order.ts";
import { readingAt } from "../src/call/reading.ts";
import { extent, scaleEnd, worstByPixel } from "../src/call/series.ts";
import { AWAY, balance, IDLE, isByScore, levelOf, levelOfScore, pixels, RECONNECTING, runsOf, standAt, standOfLevel, UNKNOWN } from "../src/call/stands.ts";
import { counts, everything, gaps, incidents, wantedEntries, withNews } from "../src/call/story.ts";
import { basis, fared, nothingMeasured, sureness, verdictTitle, when } from "../src/call/words.ts";
import { drawn, kept, panned, showing, zoomed } from "../src/call/zoom.ts";
import lanes from "./lanes.json";
import story from "./story.json";

const [alice, bob, carol] = lanes.lanes;
const T0 = lanes.from_ms;
const whole = { fromMs: 0, toMs: 3_600_000 };
const metric = (column) => METRICS.find((each) => each.column === column);

test("a moment and its place on the axis are the same thing said twice", () => {
  const part = { fromMs: 1000, toMs: 5000 };
  assert.equal(momentAt(position(2500, part), part), 2500);
});

test("ticks stand at round times, and there are no more than fit", () => {
  const part = { fromMs: T0 + 1, toMs: T0 + 3_600_000 };
  const found = ticks(part, 8);
  assert.ok(found.length <= 8 && found.length >= 4);
  assert.ok(found.every(({ atMs }) => atMs % tickStepMs(part, 8) === 0));
});

test("ticks say seconds only where seconds matter", () => {
  assert.match(ticks({ fromMs: T0, toMs: T0 + 60_000 }, 6)[0].label, /^\d\d:\d\d:\d\d$/);
  assert.match(ticks({ fromMs: T0, toMs: T0 + 3_600_000 }, 6)[0].label, /^\d\d:\d\d$/);
});

test("looking closer keeps the moment under the pointer where it is", () => {
  const part = zoomed(whole, 0.5, 900_000, whole);
  assert.equal(position(900_000, part), 0.25);
  assert.equal(part.toMs - part.fromMs, 1_800_000);
});

test("nobody looks out of the call, or closer than samples are apart", () => {
  assert.deepEqual(zoomed(whole, 9, 10, whole), whole);
  assert.deepEqual(panned(whole, 0.5, whole), whole);
  assert.equal(kept({ fromMs: -5, toMs: 5 }, whole).toMs, 20_000);
  assert.deepEqual(kept({ fromMs: 0, toMs: 1 }, { fromMs: 0, toMs: 7000 }), { fromMs: 0, toMs: 7000 });
});

test("what is drawn from right to left is what is drawn from left to right", () => {
  assert.deepEqual(drawn(500_000, 100_000, whole), { fromMs: 100_000, toMs: 500_000 });
});

test("a moment that is in sight moves nothing, and one that is not comes in", () => {
  const part = { fromMs: 100_000, toMs: 200_000 };
  assert.equal(showing(150_000, part, whole), part);
  const moved = showing(300_000, part, whole);
  assert.ok(moved.fromMs < 300_000 && moved.toMs > 300_000 && moved.toMs - moved.fromMs === 100_000);
});

test("level 5 of somebody who neither sends nor receives is idle, not well", () => {
  assert.deepEqual(runsOf(bob, lanes), [{ fromMs: T0, toMs: T0 + 60_000, stand: IDLE }]);
});

test("somebody of whom nothing is known is unknown while there, and away before: neither is a level", () => {
  const runs = runsOf(carol, lanes);
  assert.equal(standAt(runs, T0 + 20_000), UNKNOWN);
  assert.equal(standAt(runs, T0 + 5_000), AWAY);
  assert.deepEqual([UNKNOWN, AWAY, IDLE, RECONNECTING].map(levelOf), [null, null, null, null]);
});

test("runs follow the spans to the millisecond, and levels step by step within them", () => {
  const stands = runsOf(alice, lanes).map(({ fromMs, toMs, stand }) => [fromMs - T0, toMs - T0, stand]);
  assert.deepEqual(stands, [
    [3_000, 20_000, standOfLevel(4)],
    [20_000, 30_000, standOfLevel(1)],
    [30_000, 36_000, RECONNECTING],
    [36_000, 40_000, UNKNOWN],
    [40_000, 50_000, standOfLevel(4)],
  ]);
});

test("of what falls into one pixel the worst is seen", () => {
  const runs = runsOf(alice, lanes);
  assert.deepEqual([...pixels(runs, { fromMs: T0, toMs: T0 + 60_000 }, 2)], [standOfLevel(1), RECONNECTING]);
  assert.deepEqual([...pixels(runs, { fromMs: T0 - 20_000, toMs: T0 - 10_000 }, 2)], [AWAY, AWAY]);
});

test("a second of trouble in four hours is a pixel, not nothing", () => {
  const hours = 4 * 3_600_000;
  const runs = [
    { fromMs: 0, toMs: 7_200_000, stand: standOfLevel(5) },
    { fromMs: 7_200_000, toMs: 7_201_000, stand: standOfLevel(0) },
    { fromMs: 7_201_000, toMs: hours, stand: standOfLevel(5) },
  ];
  assert.equal([...pixels(runs, { fromMs: 0, toMs: hours }, 800)].filter((stand) => stand === standOfLevel(0)).length, 1);
});

test("where Twilio gave no level, our score stands for one", () => {
  const unlevelled = { ...alice, level: alice.level.map(() => null) };
  assert.ok(isByScore(unlevelled) && !isByScore(alice) && !isByScore(carol));
  assert.equal(levelOf(standAt(runsOf(unlevelled, lanes), T0 + 25_000)), 2);
});

test("a score below 3.5 is a low level, and one above is not", () => {
  assert.ok(levelOfScore(3.49) <= 2 && levelOfScore(3.5) > 2);
  assert.equal(levelOfScore(1), 0);
  assert.equal(levelOfScore(4.5), 5);
});

test("how somebody fared adds up", () => {
  const sum = balance(runsOf(alice, lanes));
  assert.equal(sum.thereMs, 47_000);
  assert.equal(sum.lowMs, 16_000);
  assert.equal(sum.reconnects, 1);
  assert.match(fared(sum), /reconnected once.*16 s/);
});

test("nothing known is never said to be well", () => {
  assert.match(fared(balance(runsOf(carol, lanes))), /unknown for 50 s/);
  assert.match(fared(balance(runsOf(bob, lanes))), /idle for 60 s/);
  assert.equal(fared(balance([])), "nothing is known");
});

test("a gap in what was measured stays a gap, and is no zero", () => {
  const values = worstByPixel(alice.columns.rtt_ms, lanes, { fromMs: T0, toMs: T0 + 60_000 }, 6, false);
  assert.deepEqual([...values].map((value) => (Number.isNaN(value) ? null : value)), [50, 52, 310, null, 60, null]);
});

test("many steps in a pixel show the worst, whichever end is the bad one", () => {
  const part = { fromMs: T0, toMs: T0 + 60_000 };
  assert.equal(worstByPixel(alice.columns.rtt_ms, lanes, part, 1, false)[0], 310);
  assert.equal(worstByPixel(alice.score, lanes, part, 1, true)[0], 2.9);
  assert.deepEqual(extent(alice.columns.rtt_ms, lanes, part, false), { known: 4, median: 60, worst: 310 });
});

test("a scale ends at a round number above everything, and at its bound at least", () => {
  assert.equal(scaleEnd([[20, 30]], metric("rtt_ms")), 450);
  assert.equal(scaleEnd([[20, 1234]], metric("rtt_ms")), 1500);
  assert.equal(scaleEnd([[4.4]], metric("score")), 4.5);
});

test("a bound says on which side of it the trouble is", () => {
  assert.ok(isBad(metric("up.loss_ratio"), 0.03) && !isBad(metric("up.loss_ratio"), 0.029));
  assert.ok(isBad(metric("up.fps"), 14) && !isBad(metric("up.fps"), 15));
  assert.ok(!isBad(metric("up.bitrate_bps"), 0));
  assert.equal(boundInWords(metric("up.fps")), "bad below 15 fps");
});

test("a reading of somebody who is away or idle has no numbers", () => {
  const at = (lane, ms) => readingAt(lane, runsOf(lane, lanes), lanes, T0 + ms);
  assert.deepEqual(at(alice, 1_000).measured, []);
  assert.deepEqual(at(bob, 1_000), { level: null, word: "idle", tone: "none", measured: [] });
  assert.deepEqual(at(alice, 25_000).measured, [
    { words: "310 ms", isBad: false },
    { words: "↑ 12 %", isBad: true },
  ]);
});

test("whoever was disconnected is in trouble, code or none", () => {
  const entry = { id: "d", at_ms: T0, kind: "disconnected", source: "telemetry", words: "bob was disconnected.", key: bob.key };
  assert.ok(isTrouble(entry));
  assert.deepEqual(marksOf([entry], bob.key).map(({ form, isBad }) => [form, isBad]), [["cross", true]]);
});

test("a camera that could not be had is trouble, and says why without a code", () => {
  const words = "bob's camera could not be had: there is none, or it is switched off (NotFoundError).";
  const entry = { id: "c", at_ms: T0, kind: "device", source: "telemetry", words, key: bob.key, code_name: "NotFoundError" };
  assert.ok(isTrouble(entry));
  assert.equal(wordsOf(entry), words);
  assert.deepEqual(marksOf([entry], bob.key).map(({ form, isBad }) => [form, isBad]), [["cross", true]]);
});

test("a code comes with what it means", () => {
  const lost = story.entries.find(({ id }) => id === "l");
  assert.equal(wordsOf(lost), "alice lost the connection. Media connection failed (53405).");
  assert.ok(isTrouble(lost) && !isTrouble(story.entries[1]));
});

test("what lasts is drawn as a strip, what concerns the room in a row, and the rest on the lane", () => {
  assert.deepEqual(marksOf(story.entries, alice.key).map(({ form }) => form), ["in"]);
  assert.deepEqual(strips(story.entries, alice.key, "speaker", 0), [{ fromMs: T0 + 10_000, toMs: T0 + 20_000 }]);
  assert.deepEqual(strips(story.entries, alice.key, "reconnecting", 9), [{ fromMs: T0 + 30_000, toMs: 9 }]);
  assert.equal(rowMarks(story.entries, ["alert"]).length, 2);
});

test("near a moment is what happened around it, and what still lasts", () => {
  const marks = rowMarks(story.entries, ["alert", "room"]);
  assert.deepEqual(marksNear(marks, T0 + 40_000, 0).map(({ atMs }) => atMs - T0), [31_000, 33_000]);
  assert.deepEqual(marksNear(marks, T0 + 1_000, 2_000).map(({ atMs }) => atMs - T0), [0]);
});

test("callbacks and speakers are told only to who asks for them", () => {
  const shown = wantedEntries(story.entries, everything()).map(({ id }) => id);
  assert.deepEqual(shown, ["r", "j", "l", "a", "b"]);
  assert.equal(counts(story.entries).get("callbacks"), 1);
});

test("the story can be of one person, and of trouble alone", () => {
  const of = (wanted) => wantedEntries(story.entries, { ...everything(), ...wanted }).map(({ id }) => id);
  assert.deepEqual(of({ key: alice.key, isTroubleOnly: true }), ["l", "a"]);
  assert.deepEqual(of({ groups: new Set(["connection"]) }), ["l"]);
});

test("of what is told twice the later word counts", () => {
  const over = { ...story.entries[4], until_ms: T0 + 36_000 };
  const known = withNews(story.entries, [over, { ...over, id: "new", at_ms: T0 - 1 }]);
  assert.equal(known.length, story.entries.length + 1);
  assert.equal(known[0].id, "new");
  assert.equal(known.find(({ id }) => id === "l").until_ms, T0 + 36_000);
});

test("alerts of one incident are one incident, as severe as the worst of them and as long as the longest", () => {
  const [incident, ...more] = incidents(story.entries);
  assert.deepEqual(more, []);
  assert.deepEqual([incident.id, incident.severity, incident.untilMs], ["I1", "critical", T0 + 55_000]);
});

test("what is missing of several is asked for once", () => {
  const [gap, ...more] = gaps(story.missing);
  assert.equal(gap.words.length, 2);
  assert.deepEqual(more, []);
});

test("steps that come later take the place of those that were there", () => {
  const news = { ...lanes, from_ms: T0 + 50_000, steps: 2, lanes: [{ ...alice, level: [3, 2], score: [4, 4], idle: [false, false], columns: { rtt_ms: [70, 80] }, spans: [{ from_ms: T0 + 50_000, to_ms: T0 + 70_000, status: "heard" }] }] };
  const merged = withSteps(lanes, news);
  assert.equal(merged.steps, 7);
  assert.deepEqual(merged.lanes[0].level, [4, 4, 1, null, 4, 3, 2]);
  assert.deepEqual(merged.lanes[0].columns.rtt_ms, [50, 52, 310, null, 60, 70, 80]);
  assert.deepEqual(merged.lanes[0].columns["up.loss_ratio"].slice(5), [null, null]);
  assert.equal(merged.lanes[0].spans.length, 3);
  assert.equal(merged.lanes[1], bob);
});

test("somebody who came later gets a lane as long as the others", () => {
  const dan = { ...carol, key: "PAdan", level: [3], score: [4], idle: [false], columns: {}, spans: [] };
  const merged = withSteps(lanes, { ...lanes, from_ms: T0 + 60_000, steps: 1, lanes: [dan] });
  assert.deepEqual(merged.lanes[3].level, [null, null, null, null, null, null, 3]);
});

test("steps of another grid are not mixed in", () => {
  assert.equal(withSteps(lanes, { ...lanes, step_ms: 20_000 }), null);
  assert.equal(withSteps(lanes, { ...lanes, from_ms: T0 + 3_000 }), null);
});

test("new spans replace old ones in their time alone", () => {
  const heard = (from_ms, to_ms) => ({ from_ms, to_ms, status: "heard" });
  assert.deepEqual(joinedSpans([heard(0, 100)], [{ ...heard(40, 60), status: "silent" }], 40, 60).map(({ to_ms }) => to_ms), [40, 60, 100]);
  assert.deepEqual(joinedSpans([heard(0, 100)], [heard(80, 120)], 80, 120), [heard(0, 120)]);
});

test("finer steps are asked for only where there are any, and with what is on both sides", () => {
  const day = { fromMs: 0, toMs: 86_400_000 };
  const people = { step_ms: 60_000, lanes: lanes.lanes };
  const hour = { fromMs: 36_000_000, toMs: 39_600_000 };
  assert.deepEqual(closerPart(hour, day, people), { fromMs: 34_200_000, toMs: 41_400_000 });
  assert.equal(closerPart(day, day, people), null);
  assert.equal(closerPart(hour, day, { ...people, step_ms: 10_000 }), null);
  assert.equal(closerPart(hour, day, { ...people, lanes: [carol] }), null);
  assert.ok(isCovered(hour, { from_ms: 34_200_000, step_ms: 10_000, steps: 720 }));
  assert.ok(!isCovered(day, { from_ms: 34_200_000, step_ms: 10_000, steps: 720 }));
});

test("an address says whom and when, and gives it back", () => {
  const asked = { atMs: 1763690000000, participant: "PA1", and: "identity:bob & co" };
  const url = new URL(addressOf("/rooms/RM1", asked), "http://x");
  assert.deepEqual(pointed(Object.fromEntries(url.searchParams)), asked);
  assert.equal(addressOf("/rooms/RM1", pointed({ at: "yesterday" })), "/rooms/RM1");
});

test("somebody is meant by SID, key or name; of several stays by the last", () => {
  assert.equal(laneMeant(lanes.lanes, "carol"), carol);
  assert.equal(laneMeant([alice, { ...alice, key: "PA9" }], "alice").key, "PA9");
  assert.equal(laneMeant(lanes.lanes, "PAnobody"), null);
});

test("who fared worst comes first, and who was not heard before who was well", () => {
  const fared = (lane) => balance(runsOf(lane, lanes));
  assert.deepEqual(ordered(lanes.lanes, "worst", fared).map(({ identity }) => identity), ["alice", "carol", "bob"]);
  assert.deepEqual(ordered(lanes.lanes, "came", fared), lanes.lanes);
  assert.ok(hadTrouble(fared(alice)) && !hadTrouble(fared(bob)));
});

test("not known is no verdict, and says so", () => {
  assert.equal(verdictTitle({ cause: "not known" }), "No verdict");
  assert.equal(verdictTitle({ cause: "nothing" }), "Nothing was wrong");
  assert.deepEqual([0.9375, 0.75, 0.5].map(sureness), ["sure", "fairly sure", "not sure"]);
});

test("what a verdict was made of is said with its numbers", () => {
  const said = basis({ people: 3, people_heard: 2, other_rooms: 200, are_other_rooms_cut: true, from_ms: T0, to_ms: T0 });
  assert.match(said, /^2 of 3 people heard; 200 other rooms looked at, and there were more; /);
});

test("a call without measurements says what is known and what is not", () => {
  assert.match(nothingMeasured([carol]), /who was there is known/);
  assert.match(nothingMeasured([]), /^Nobody is known/);
  assert.equal(nothingMeasured(lanes.lanes), "");
});

test("a call over midnight has two days, and one that goes on has no end", () => {
  assert.match(when(Date.UTC(2025, 0, 1, 12), Date.UTC(2025, 0, 2, 12)), /1 Jan 2025.* – .*2 Jan 2025/);
  assert.match(when(T0, null), /until now$/);
});

test("only the address of a shared call is shown without the frame", () => {
  assert.equal(sharedToken("/shared/Zx_-9"), "Zx_-9");
  assert.equal(sharedToken("/rooms/shared"), null);
  assert.equal(sharedToken("/shared/"), null);
});
