import assert from "node:assert/strict";
import { test } from "node:test";
import { address, callAddress, isLink, runbookAddress } from "../src/picture/address.ts";
import { attemptWords, care, carer, headline, ladder, receiverStanding, silenceEffect, silenceTime } from "../src/picture/alerting-words.ts";
import { readLasting, writtenLasting } from "../src/picture/lasting.ts";
import { fieldOf, momentOf } from "../src/picture/local-time.ts";
import { partsOf } from "../src/picture/sentence.ts";
import { matchersFor, readMatchers, written } from "../src/picture/matchers.ts";
import { askedOf, draftOf, draftOfSilence, endOf, fieldOfError, problemsOf } from "../src/picture/silence-draft.ts";
import { spanOf } from "../src/picture/spans.ts";
import { timeline } from "../src/picture/timeline.ts";

const NOW_MS = Date.parse("2026-11-21T14:05:10Z");
const MINUTE_MS = 60_000;
const incident = (fields) => ({ is_open: true, acknowledged_by: "", acknowledged_via: "", escalation: null, started_at_ms: NOW_MS, ended_at_ms: null, ...fields });
const silence = (fields) => ({ state: "active", matchers: ['a="b"'], starts_at_ms: NOW_MS - MINUTE_MS, ends_at_ms: NOW_MS + 5 * MINUTE_MS, reason: "works", ended_by: "", mutes: 0, ...fields });
const receiver = (fields) => ({ circuit: "closed", waiting: 0, oldest_waiting_at_ms: null, last_success_at_ms: null, last_failure_at_ms: null, is_used: true, ...fields });

test("a matcher reads back as it was written, whatever is in its value", () => {
  for (const value of ["", "class", 'a "quoted" one', "back\\slash\nand line, with = and ~", "{x}"]) {
    const matcher = { name: "room_name", operator: "!~", value };
    assert.deepEqual(readMatchers(written(matcher)), [matcher]);
  }
});

test("several matchers are read with braces or without, with quotes or without", () => {
  const meant = [
    { name: "severity", operator: "=", value: "critical" },
    { name: "room_name", operator: "=~", value: "class-.*" },
  ];
  assert.deepEqual(readMatchers('{severity="critical", room_name=~"class-.*"}'), meant);
  assert.deepEqual(readMatchers("severity=critical,room_name=~class-.*"), meant);
  assert.deepEqual(readMatchers(""), []);
});

test("what is no matcher is not guessed at", () => {
  for (const text of ["severity", 'a="b', "=x", 'a="b" c="d"', "a=b=c"]) assert.equal(readMatchers(text), null, text);
});

test("an alert is silenced by its rule and the narrowest thing that it tells", () => {
  const labels = { alertname: "Cut", severity: "critical", region: "us1", room_name: "class" };
  assert.deepEqual(matchersFor(labels).map(written), ['alertname="Cut"', 'room_name="class"']);
  assert.deepEqual(matchersFor({ alertname: "Lag" }).map(written), ['alertname="Lag"']);
});

test("durations are read as people type them", () => {
  const minutes = { "2h": 120, "90 min": 90, "1 d 12 h": 36 * 60, "1h30m": 90, "1,5 hours": 90, "45 Minutes": 45 };
  for (const [text, expected] of Object.entries(minutes)) assert.equal(readLasting(text), expected * MINUTE_MS, text);
  for (const text of ["", "soon", "2", "h", "2 hours and", "-2h", "0h"]) assert.equal(readLasting(text), null, text);
});

test("a duration is written as the daemon reads it: whole numbers, the largest unit first", () => {
  assert.equal(writtenLasting(36 * 60 * MINUTE_MS), "1d12h");
  assert.equal(writtenLasting(readLasting("1.5 h")), "1h30m");
  assert.equal(writtenLasting(90_000), "1m30s");
});

test("a moment goes into a field and comes back to the second", () => {
  assert.equal(momentOf(fieldOf(NOW_MS)), NOW_MS);
  for (const field of ["", "2026-11-21", "today at ten"]) assert.equal(momentOf(field), null);
});

test("the moments in a sentence are taken out of it, to be told on the reader's clock", () => {
  const parts = partsOf("it was firing at 2026-11-21 14:05:10 UTC, since 2026-11-21 14:05:10 UTC");
  assert.deepEqual(parts, ["it was firing at ", { atMs: NOW_MS }, ", since ", { atMs: NOW_MS }]);
  assert.deepEqual(partsOf("not asked: severity is critical"), ["not asked: severity is critical"]);
});

test("a call is opened at the moment and at the person", () => {
  const alert = { room_sid: "RM1", participant_sid: "PA1" };
  assert.equal(callAddress(alert, 5), "/rooms/RM1?at=5&participant=PA1");
  assert.equal(callAddress({ room_sid: "RM1", participant_sid: null }, null), "/rooms/RM1");
  assert.equal(callAddress({ room_sid: null }, 5), null);
  assert.equal(address("/silences", { matchers: 'a="b"', after: "" }), "/silences?matchers=a%3D%22b%22");
});

test("only a runbook with an address is a link", () => {
  assert.ok(isLink("https://wiki.example.com/runbook"));
  assert.ok(!isLink("docs/runbooks/RoomZombie.md"));
  assert.ok(!isLink("javascript:alert(1)"));
});

test("an open incident that nobody looks after is bad, one that is over is not", () => {
  assert.deepEqual(carer(incident()), { word: "nobody", tone: "bad" });
  assert.equal(carer(incident({ is_open: false })).tone, "none");
  assert.equal(care(incident({ acknowledged_by: "Ann", acknowledged_via: "slack" })).word, "Ann, in slack");
});

test("what is behind an incident stands after what is wrong, and is told apart from it", () => {
  const cause = "Everybody is in us1.";
  assert.deepEqual(headline({ summary: `erin is cut off, and 4 more. ${cause}`, cause }), { what: "erin is cut off, and 4 more.", why: cause });
  assert.deepEqual(headline({ summary: "erin is cut off.", cause: "" }), { what: "erin is cut off.", why: "" });
});

test("an incident that a sentence names can be gone to", () => {
  assert.deepEqual(partsOf("incident i1-0a1b begins"), ["incident ", { incident: "i1-0a1b" }, " begins"]);
});

test("the ladder says who was told, who was missed, and who is next", () => {
  const escalation = { receivers: ["pager"], steps_taken: 1, steps: 3, next_step_at_ms: NOW_MS + 5 * MINUTE_MS, unreached: "" };
  assert.equal(ladder(incident({ escalation }), NOW_MS), "told: pager; step 2 of 3 in 5 min");
  const stopped = { ...escalation, next_step_at_ms: null, unreached: "pager" };
  assert.equal(ladder(incident({ escalation: stopped }), NOW_MS), "told: pager; pager was not reached");
});

test("what a service answered is not said twice", () => {
  const attempt = { outcome: "rejected", status: "404 Not Found", error: "answered 404 Not Found", duration_ms: 20 };
  assert.equal(attemptWords(attempt), "refused, after 20 ms, answered 404 Not Found");
});

test("a receiver that did not take the last one is worse than one that works, and one never tried is neither", () => {
  assert.equal(receiverStanding(receiver({ last_success_at_ms: 1, last_failure_at_ms: 2 }), NOW_MS).tone, "bad");
  assert.equal(receiverStanding(receiver({ last_success_at_ms: 2, last_failure_at_ms: 1 }), NOW_MS).tone, "good");
  assert.equal(receiverStanding(receiver({ circuit: "open", last_success_at_ms: 2 }), NOW_MS).tone, "bad");
  assert.equal(receiverStanding(receiver(), NOW_MS).tone, "none");
});

test("a silence says what is left of it and what it mutes", () => {
  assert.equal(silenceTime(silence(), NOW_MS), "for another 5 min");
  assert.equal(silenceTime(silence({ state: "expired", ended_by: "ben" }), NOW_MS), "ended by ben after 6 min");
  assert.equal(silenceEffect(silence({ mutes: 1 })), "mutes 1 alert now");
  assert.equal(silenceEffect(silence({ state: "expired", mutes: null })), "");
});

test("a form for a silence says beside each field what is missing", () => {
  const empty = { ...draftOf("", ""), lasts: "soon" };
  assert.deepEqual(Object.keys(problemsOf(empty, NOW_MS)).sort(), ["author", "lasts", "matchers", "reason"]);
  const early = { ...draftOf("a=b", "ana"), reason: "works", ends: "until", until: fieldOf(NOW_MS - MINUTE_MS) };
  assert.deepEqual(Object.keys(problemsOf(early, NOW_MS)), ["until"]);
});

test("a length is told to the daemon as a length, so that two clocks need not agree", () => {
  const draft = { ...draftOf('a="b"', " ana "), reason: "works", lasts: "90 min" };
  assert.deepEqual(askedOf(draft, NOW_MS), { matchers: ['a="b"'], author: "ana", reason: "works", lasts: "1h30m" });
  assert.equal(endOf(draft, NOW_MS), NOW_MS + 90 * MINUTE_MS);
});

test("a silence that is changed keeps its end, one that is over gets its length again", () => {
  const kept = draftOfSilence(silence({ matchers: ['a="b"', "c=~d"] }), "ben", NOW_MS);
  assert.deepEqual([kept.ends, momentOf(kept.until), kept.from, kept.author], ["until", NOW_MS + 5 * MINUTE_MS, "", "ben"]);
  assert.equal(kept.matchers.length, 2);
  assert.equal(draftOfSilence(silence({ state: "expired" }), "ben", NOW_MS).lasts, "6m");
});

test("an error of the daemon's finds its field", () => {
  assert.equal(fieldOfError("matchers[1]: expected a matcher"), "matchers");
  assert.equal(fieldOfError("ends_at_ms: expected a later time"), "until");
  assert.equal(fieldOfError("Roomwatch does not answer."), null);
});

test("a span that ends now begins at a whole minute, so that the same question is asked again", () => {
  assert.deepEqual(spanOf({ span: "1h" }, NOW_MS), spanOf({ span: "1h" }, NOW_MS + 20_000));
  assert.deepEqual(spanOf({ span: "between", from: "1", to: "2" }, NOW_MS), { from: "1", to: "2" });
  assert.deepEqual(spanOf({}, NOW_MS), { from: "", to: "" });
});

test("a timeline tells what fired before who was told of it, though both are of the same moment", () => {
  const life = {
    incident: incident({ started_at_ms: NOW_MS }),
    alerts: [{ rule: "Cut", entity: "RM1", summary: "alice is cut off.", state: "firing", fired_at_ms: NOW_MS, since_ms: NOW_MS }],
    notes: [{ at_ms: NOW_MS - 5, fingerprint: "f", text: "silenced by ann" }],
    notifications: [
      {
        notification: { receiver: "pager", kind: "trigger", reason: "", created_at: NOW_MS, state: "delivered", settled_at: NOW_MS + 9, last_error: "" },
        attempts: [{ number: 1, ended_at: NOW_MS + 9, duration_ms: 9, outcome: "delivered", status: "202", error: "" }],
        receipts: [],
      },
    ],
  };
  assert.deepEqual(timeline(life).map(({ what }) => what), [
    "Held back: silenced by ann",
    "Fires: alice is cut off.",
    "The incident begins",
    "pager is told that it is there",
    "pager: attempt 1 delivered, after 9 ms, answered 202",
  ]);
});

test("a shipped runbook is a page here, one of somebody's own is where they say, and nothing else is a link", () => {
  assert.equal(runbookAddress("docs/runbooks/RoomZombie.md"), "/runbooks/RoomZombie");
  assert.equal(runbookAddress("https://wiki.example.com/runbook"), "https://wiki.example.com/runbook");
  assert.equal(runbookAddress("our/wiki"), null);
  assert.equal(runbookAddress("javascript:alert(1)"), null);
});
