import assert from "node:assert/strict";
import { test } from "node:test";
import { blindSpots, seenWords } from "../src/picture/blind.ts";
import { coverageUrl, degradedRatio, isAnything, lastedS, nothingFound, searchHref, searchUrl, wantedOf } from "../src/picture/calls.ts";
import { callHref, incidentHref, participantOf } from "../src/picture/links.ts";
import { bytes, lateS, mediumKey, waiting, waitsFor, whyFailed } from "../src/picture/media.ts";
import { chosen, defaultWritten, written } from "../src/picture/settings.ts";
import {
  budgetStanding,
  callbackStanding,
  countsWords,
  dueWords,
  isTroubled,
  pollFreshness,
  ratePerS,
  rateWords,
  telemetryStanding,
} from "../src/picture/sources.ts";
import { asField, fromAddress, fromField, when } from "../src/picture/when.ts";

const ROOM = `RM${"a".repeat(32)}`;
const ALICE = `PA${"b".repeat(32)}`;
const NOW = new Date(2026, 10, 21, 14, 5).getTime();
const HOUR = 3_600_000;

// --- links ---

test("a call is linked with the moment and the person that are meant, and without what is not known", () => {
  assert.equal(callHref(ROOM), `/rooms/${ROOM}`);
  assert.equal(callHref(ROOM, { atMs: 5.4, participantSid: ALICE }), `/rooms/${ROOM}?at=5&participant=${ALICE}`);
  assert.equal(callHref("acme/class 1"), "/rooms/acme%2Fclass%201");
  assert.equal(incidentHref("i 1"), "/incidents/i%201");
});

test("an alert about a room names nobody in it", () => {
  assert.equal(participantOf(`${ROOM}/${ALICE}`), ALICE);
  assert.equal(participantOf(ROOM), null);
  assert.equal(participantOf(`${ROOM}/identity:alice`), null);
});

// --- times ---

test("a moment is told as shortly as it is clear", () => {
  assert.equal(when(NOW - HOUR, NOW), "today 13:05");
  assert.equal(when(NOW - 24 * HOUR, NOW), "yesterday 14:05");
  assert.match(when(NOW - 10 * 24 * HOUR, NOW), /^Wed,? 11 Nov 14:05$/);
  assert.match(when(NOW - 400 * 24 * HOUR, NOW), /2025/);
});

test("a field for a time gives back the minute that was put in", () => {
  assert.equal(fromField(asField(NOW)), NOW);
  assert.equal(asField(null), "");
  assert.equal(fromField(""), null);
  assert.equal(fromAddress("1763690000000"), 1_763_690_000_000);
  assert.equal(fromAddress("yesterday"), null);
});

// --- calls ---

const call = (fields = {}) => ({ room_sid: ROOM, status: "completed", created_at_ms: NOW - HOUR, ended_at_ms: NOW, fired: [], ...fields });

test("what is looked for comes back from its own address", () => {
  const wanted = { text: "acme & sons", fromMs: 5, toMs: null, fired: "*" };
  const address = new URL(searchHref(wanted), "http://x");
  assert.deepEqual(wantedOf(Object.fromEntries(address.searchParams)), wanted);
  assert.equal(searchHref({ text: "", fromMs: null, toMs: null, fired: "" }), "/rooms");
});

test("only what is given is asked for", () => {
  assert.equal(searchUrl({ text: "", fromMs: null, toMs: null, fired: "" }, null, 25), "/api/v1/rooms?limit=25");
  assert.equal(searchUrl({ text: "a b", fromMs: 0, toMs: 9, fired: "Bad" }, "5/RM", 2), "/api/v1/rooms?text=a+b&from=0&to=9&fired=Bad&after=5%2FRM&limit=2");
});

test("a call without a SID has no coverage to ask for, and nobody asks about more than a quarter of a year", () => {
  assert.equal(coverageUrl([call({ room_sid: null })], NOW), null);
  const asked = new URL(coverageUrl([call(), call({ created_at_ms: 0 })], NOW), "http://x").searchParams;
  assert.ok(Number(asked.get("to")) - Number(asked.get("from")) <= 92 * 24 * HOUR + HOUR);
  assert.deepEqual(asked.getAll("key"), [ROOM, ROOM]);
});

test("a call of which nobody told the end did not last until now", () => {
  assert.equal(lastedS(call(), NOW), 3600);
  assert.equal(lastedS(call({ ended_at_ms: null, status: "in-progress" }), NOW), 3600);
  assert.equal(lastedS(call({ ended_at_ms: null }), NOW), null);
});

test("minutes without a level are neither good nor bad", () => {
  assert.equal(degradedRatio({ rated_minutes: 0, degraded_minutes: 0 }), null);
  assert.equal(degradedRatio({ rated_minutes: 10, degraded_minutes: 1 }), 0.1);
});

test("whoever finds nothing learns what would have been found", () => {
  assert.match(nothingFound(wantedOf({ q: "ali" })), /“ali” is on record\. SIDs and identities have to be whole/);
  assert.match(nothingFound(wantedOf({ fired: "*", from: "5" })), /in this time in which an alert fired/);
  assert.equal(nothingFound(wantedOf({})), "No call is on record yet.");
  assert.ok(isAnything(wantedOf({ q: " " })));
});

// --- media ---

const medium = (fields = {}) => ({
  kind: "composition",
  sid: "CJ1",
  state: "open",
  status: "processing",
  room_sid: ROOM,
  participant_sid: null,
  identity: null,
  created_at_ms: NOW,
  seen_at_ms: NOW,
  waiting_since_ms: NOW,
  due_at_ms: NOW + 5000,
  size_bytes: null,
  failed_operation: null,
  error_message: null,
  times_asked: 0,
  ...fields,
});

test("an open composition says whom it waits for", () => {
  assert.equal(waitsFor(medium()), "Twilio is at work on it");
  assert.equal(waitsFor(medium({ waiting_since_ms: null })), "its room, which goes on");
  assert.match(waitsFor(medium({ sid: null, status: "expected", times_asked: 2 })), /Twilio was asked 2 times/);
});

test("a failure without a reason says how to get one", () => {
  assert.match(whyFailed(medium({ status: "failed" })), /Only a status callback brings the reason/);
  assert.equal(whyFailed(medium({ status: "failed", error_message: "no tracks" })), "No tracks.");
  assert.match(whyFailed(medium({ status: "completed", size_bytes: 0 })), /nothing in it/);
});

test("the recordings of a call are told together, and compositions stand before them", () => {
  const recordings = ["PA1", "PA1", "PA2"].map((participant_sid, n) => medium({ kind: "recording", sid: `RT${n}`, participant_sid, created_at_ms: n, due_at_ms: null }));
  const [first, second] = waiting([...recordings, medium()]);
  assert.equal(first.medium.sid, "CJ1");
  assert.deepEqual([second.medium.sid, second.recordings, second.people], ["RT0", 3, 2]);
});

test("what nothing says is due is not late", () => {
  assert.equal(lateS(medium({ due_at_ms: null }), NOW), null);
  assert.equal(lateS(medium(), NOW), -5);
});

test("two compositions that nobody has seen are two", () => {
  assert.notEqual(mediumKey(medium({ sid: null })), mediumKey(medium({ sid: null, room_sid: "RM2" })));
});

test("a size keeps no more digits than it deserves", () => {
  assert.deepEqual([0, 950, 4_230_000, 123_456_789].map(bytes), ["0 bytes", "950 bytes", "4.2 MB", "123 MB"]);
});

// --- sources ---

const poll = (fields = {}) => ({ resource: "rooms", is_up: true, last_success_ms: NOW, due_at_ms: null, interval_s: 10, stale_after_s: 60, failures_in_a_row: 0, error: "", ...fields });
const budget = (fields = {}) => ({ circuit: "closed", is_auth_lost: false, rate_per_s: 2, requests_per_s: 2, ...fields });

test("a poll that was never made is not up", () => {
  const health = (fields) => pollFreshness(poll(fields), NOW).health;
  assert.deepEqual([health(), health({ last_success_ms: null }), health({ last_success_ms: NOW - 61_000 }), health({ error: "401" })], ["ok", "waiting", "stale", "failing"]);
});

test("what is due is due, and what was never asked comes soon", () => {
  assert.deepEqual([dueWords(null, NOW), dueWords(NOW - 1, NOW), dueWords(NOW + 1500, NOW)], ["soon", "now", "in 2 s"]);
});

test("a budget says the worst of it first", () => {
  assert.match(budgetStanding(budget({ is_auth_lost: true, circuit: "open" })).words, /none of the keys/);
  assert.equal(budgetStanding(budget({ circuit: "open" })).health, "failing");
  assert.match(budgetStanding(budget({ rate_per_s: 1 })).words, /429/);
  assert.equal(budgetStanding(budget()).health, "ok");
});

test("callbacks that nothing could be told by are neither trusted nor silent", () => {
  const health = { is_trusted: false, is_silent: false, judged: 0, missed: 0, missed_in_a_row: 0, missed_ratio: null };
  assert.equal(callbackStanding(health).health, "waiting");
  assert.equal(callbackStanding({ ...health, is_silent: true, missed_in_a_row: 3 }).health, "failing");
  assert.equal(callbackStanding({ ...health, is_trusted: true, judged: 8, missed_ratio: 0 }).words, "100 % of the last 8 changes were told");
});

test("telemetry of which all was refused is not merely waited for", () => {
  const sources = (telemetry) => ({ now_ms: NOW, telemetry: { posts: {}, last_at_ms: null, ...telemetry } });
  assert.equal(telemetryStanding(sources()).health, "waiting");
  assert.equal(telemetryStanding(sources({ posts: { 401: 5 } })).health, "failing");
  assert.equal(telemetryStanding(sources({ last_at_ms: NOW })).health, "ok");
});

test("one answer makes no rate, and neither does a restart between two", () => {
  assert.equal(ratePerS(0, 10, 0, 0), null);
  assert.equal(ratePerS(10, 2, 0, 1000), null);
  assert.equal(ratePerS(10, 20, 0, 5000), 2);
  assert.deepEqual([0, 0.05, 2, 120].map(rateWords), ["none just now", "3.0 a minute", "2.0 a second", "120 a second"]);
});

test("of many sorts the most frequent are named", () => {
  assert.equal(countsWords({ a: 1, b: 9, c: 2, d: 3, e: 4, f_g: 1 }), "9 × b, 4 × e, 3 × d, 2 × c, 2 others");
});

test("an account whose polls fail needs a look", () => {
  assert.ok(isTroubled({ polls: [poll({ error: "no" })], troubles: [] }, NOW));
  assert.ok(!isTroubled({ polls: [poll()], troubles: [] }, NOW));
});

// --- blind spots ---

test("every sort of blind spot says how it is mended", () => {
  const none = { total: 0, first: [] };
  const names = ["rooms_without_telemetry", "never_heard", "fell_silent", "without_level", "unknown_to_twilio", "wrong_clock"];
  const sorts = blindSpots(Object.fromEntries(names.map((name) => [name, none])));
  assert.equal(sorts.length, names.length);
  for (const { means, mend } of sorts) assert.ok(means !== "" && mend !== "");
});

test("where no room is live nobody is said to be heard", () => {
  assert.match(seenWords({ rooms: 0, people: 0, heard: 0 }), /nothing to be blind to/);
  assert.match(seenWords({ rooms: 1, people: 2, heard: 1 }), /^1 of 2 people in 1 live room was heard/);
});

// --- settings ---

const setting = (fields = {}) => ({ key: "port", value: 8471, default: 8471, is_default: true, is_secret: false, ...fields });

test("a secret is set or not, and that is all", () => {
  assert.equal(written(setting({ value: "(set, not shown)", is_secret: true })), "set, not shown");
  assert.equal(written(setting({ value: null, is_secret: true })), "not set");
});

test("values are written as in the file", () => {
  assert.equal(written(setting({ value: ["*", "null"] })), '["*", "null"]');
  assert.equal(written(setting({ value: [{ name: "mobile", key: null }] })), '[{ name = "mobile" }]');
  assert.equal(written(setting({ value: true })), "true");
  assert.equal(defaultWritten(setting({ default: null })), "");
});

test("a table of which all is as shipped is left out of what was chosen", () => {
  const tables = [{ name: "public", settings: [setting()] }, { name: "private", settings: [setting(), setting({ key: "host", is_default: false })] }];
  assert.deepEqual(chosen(tables).map(({ name, settings }) => [name, settings.length]), [["private", 1]]);
});
