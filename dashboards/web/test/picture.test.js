import assert from "node:assert/strict";
import { test } from "node:test";
import { alertAnchor, roomAnchor } from "../src/picture/anchor.ts";
import { announcement } from "../src/picture/announcement.ts";
import { age, duration } from "../src/picture/duration.ts";
import { heardWords, isSilent, sourceFreshness, sourcesWorthShowing, telemetryFreshness } from "../src/picture/freshness.ts";
import { quality } from "../src/picture/level.ts";
import { missing } from "../src/picture/missing.ts";
import { compositionsMostOverdueFirst } from "../src/picture/overdue.ts";
import { bitrate, percent } from "../src/picture/quantity.ts";
import { roomsMatching } from "../src/picture/search.ts";
import { alertsWorstFirst, participantsWorstFirst, roomsWorstFirst } from "../src/picture/worst.ts";
import { delayMs } from "../src/polling.ts";
import live from "./live.json";

const person = (identity, fields = {}) => ({ identity, participant_sid: null, status: "connected", idle: false, level: 5, ...fields });
const room = (room_sid, ...participants) => ({ room_sid, room_name: room_sid, degraded_ratio: 0, participants });
const names = (people) => people.map(({ identity }) => identity);
const sids = (rooms) => rooms.map(({ room_sid }) => room_sid);

test("somebody who is cut off comes before somebody at level 0", () => {
  const people = [person("zero", { level: 0 }), person("cut off", { level: 0, status: "reconnecting" })];
  assert.deepEqual(names(participantsWorstFirst(people)), ["cut off", "zero"]);
});

test("unknown is neither bad nor well, and idle is no praise", () => {
  const people = [person("idle", { idle: true }), person("well", { level: 4 }), person("unknown", { level: null }), person("fair", { level: 3 })];
  assert.deepEqual(names(participantsWorstFirst(people)), ["fair", "unknown", "well", "idle"]);
});

test("a room is as bad as the worst one in it", () => {
  const rooms = [room("RMwell", person("a"), person("b")), room("RMbad", person("c"), person("d", { level: 1 }))];
  assert.deepEqual(sids(roomsWorstFirst(rooms, [])), ["RMbad", "RMwell"]);
});

test("between equal rooms a firing alert decides, a pending one does not", () => {
  const alert = { room_sid: "RM3", severity: "warning" };
  const rooms = [room("RM1", person("a")), room("RM2", person("b")), room("RM3", person("c"))];
  assert.deepEqual(sids(roomsWorstFirst(rooms, [{ ...alert, state: "firing" }])), ["RM3", "RM1", "RM2"]);
  assert.deepEqual(sids(roomsWorstFirst(rooms, [{ ...alert, state: "pending" }])), ["RM1", "RM2", "RM3"]);
});

test("a measured value that wobbles moves no room", () => {
  const calm = [room("RM1", person("a", { rtt_ms: 20 })), room("RM2", person("b", { rtt_ms: 30 }))];
  const wobbly = [room("RM1", person("a", { rtt_ms: 20 })), room("RM2", person("b", { rtt_ms: 900 }))];
  assert.deepEqual(sids(roomsWorstFirst(calm, [])), sids(roomsWorstFirst(wobbly, [])));
});

test("what fires stands above what is pending, however severe", () => {
  const alerts = [
    { fingerprint: "p", state: "pending", severity: "critical", since_ms: 1 },
    { fingerprint: "w", state: "firing", severity: "warning", since_ms: 1 },
    { fingerprint: "c", state: "firing", severity: "critical", since_ms: 2 },
  ];
  assert.deepEqual(alertsWorstFirst(alerts).map(({ fingerprint }) => fingerprint), ["c", "w", "p"]);
});

test("every level has its own word, and a level that Twilio does not have has none", () => {
  const word = (level) => quality(person("a", { level })).word;
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(word), ["broken", "bad", "below average", "average", "good", "excellent"]);
  assert.deepEqual([null, -1, 9].map(word), ["unknown", "unknown", "unknown"]);
  assert.equal(quality(person("a", { level: 5, idle: true })).word, "idle");
});

test("an age is told as finely as it matters", () => {
  assert.deepEqual([0, 59, 95, 252, 6_900, 9_900, 200_000].map(duration), ["0 s", "59 s", "95 s", "4 min", "115 min", "2 h 45 min", "2 d 7 h"]);
});

test("something from the future was just now", () => {
  assert.equal(age(2_000, 1_000), "0 s");
});

test("a little loss never reads as none", () => {
  assert.deepEqual([0, 0.0004, 0.012, 0.35].map(percent), ["0 %", "< 0.1 %", "1.2 %", "35 %"]);
});

test("a bit rate never reads as a thousand kilobits", () => {
  assert.deepEqual([812_000, 999_600].map(bitrate), ["812 kb/s", "1.0 Mb/s"]);
});

test("who was never heard is not silent, and who was heard long ago is", () => {
  assert.deepEqual([null, 60_000, 99_000].map((heard) => isSilent(heard, 110_000)), [false, true, false]);
});

test("ordinary posts do not make a row flicker", () => {
  assert.deepEqual([1_000, 14_000, 20_000].map((now) => heardWords(0, now)), ["just now", "just now", "20 s ago"]);
});

test("a source can be well, late, failing, or not asked yet", () => {
  const source = { account: "AC", resource: "rooms", ok: true, last_success_ms: 0, stale_after_s: 300, error: "" };
  assert.equal(sourceFreshness(source, 4_000).words, "last answer 4 s ago");
  assert.equal(sourceFreshness(source, 3_600_000).health, "stale");
  assert.equal(sourceFreshness({ ...source, stale_after_s: 7_200 }, 3_600_000).health, "ok");
  assert.equal(sourceFreshness({ ...source, last_success_ms: null }, 4_000).health, "waiting");
  assert.deepEqual(sourceFreshness({ ...source, ok: false, error: "429" }, 4_000), { health: "failing", words: "last answer 4 s ago: 429" });
});

test("telemetry is late only while somebody is in a room", () => {
  const late = { ...live, telemetry: { ...live.telemetry, last_at_ms: live.now_ms - 600_000 } };
  assert.equal(telemetryFreshness(late).health, "stale");
  assert.equal(telemetryFreshness({ ...late, rooms: [] }).health, "ok");
});

test("a first run is told what is missing, a complete one nothing", () => {
  const empty = { ...live, sources: [], telemetry: { posts: 0, events: 0, last_at_ms: null } };
  assert.equal(missing(empty).length, 2);
  assert.deepEqual(missing(live), []);
});

test("only news is read aloud", () => {
  assert.match(announcement(null, live), /^critical alert: alice/);
  assert.equal(announcement(live, live), "");
  const [first, ...rest] = live.alerts;
  const after = { ...live, alerts: rest, resolved: [{ ...first, reason: "cleared" }] };
  assert.equal(announcement(live, after), `Resolved: ${first.summary}.`);
});

test("an alert leads to its room or composition while that is on the page", () => {
  assert.equal(alertAnchor(live.alerts[0], live), roomAnchor(live.rooms[0]));
  assert.match(alertAnchor(live.alerts[1], live), /^composition-CJ/);
  assert.equal(alertAnchor(live.alerts[0], { ...live, rooms: [] }), null);
});

test("a composition without a limit is not the late one", () => {
  const sorted = compositionsMostOverdueFirst([
    { composition_sid: "none", overdue_s: null },
    { composition_sid: "early", overdue_s: -9 },
    { composition_sid: "late", overdue_s: 9 },
  ]);
  assert.deepEqual(sorted.map(({ composition_sid }) => composition_sid), ["late", "early", "none"]);
});

test("a search finds a room by a person in it, and needs every word", () => {
  assert.equal(roomsMatching(live.rooms, "ALICE")[0].room_name, "acme:class:9f3c");
  assert.deepEqual(roomsMatching(live.rooms, "alice standup"), []);
});

test("who does not answer is asked ever more rarely, but never given up", () => {
  assert.deepEqual([0, 1, 2, 10].map(delayMs), [2_000, 4_000, 8_000, 30_000]);
});

test("of the sources beside the live picture only those that do not work are shown", () => {
  const well = { account: "AC", resource: "usage", ok: true, last_success_ms: 0, stale_after_s: 300, error: "" };
  const failing = { ...well, ok: false, error: "429" };
  const shown = sourcesWorthShowing([{ ...well, resource: "rooms" }, well, failing], 1_000);
  assert.deepEqual(shown.map(({ resource, ok }) => [resource, ok]), [["rooms", true], ["usage", false]]);
});
