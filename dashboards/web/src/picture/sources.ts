// Do the sources answer, how much of the budget is used, and how fast does telemetry come in?

import type { AccountSources, CallbackHealth, Poll, RequestBudget, Sources } from "../answers.ts";
import { age, duration } from "./duration.ts";
import type { Freshness } from "./freshness.ts";
import { count, plural, share } from "./quantity.ts";

/** Say what Twilio calls a resource, in words. */
export function resourceWords(resource: string): string {
  return resource.replaceAll("_", " ");
}

/** Say when a poll last worked, and whether that is too long ago. */
export function pollFreshness(poll: Poll, nowMs: number): Freshness {
  if (poll.error !== "") return { health: "failing", words: `failing, ${plural(poll.failures_in_a_row, "time")} in a row` };
  if (poll.last_success_ms === null) return { health: "waiting", words: "not asked yet" };
  const isStale = nowMs - poll.last_success_ms > poll.stale_after_s * 1000;
  return isStale ? { health: "stale", words: "stale" } : { health: "ok", words: "up" };
}

/** Say when a poll is due next. */
export function dueWords(dueAtMs: number | null, nowMs: number): string {
  if (dueAtMs === null) return "soon";
  return dueAtMs <= nowMs ? "now" : `in ${duration(Math.ceil((dueAtMs - nowMs) / 1000))}`;
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, each) => total + each, 0);
}

const COUNTS_SAID = 4;

/** Say counts by their names, the most frequent first, and how many others there were: 1,204 × 200, 3 × 429. */
export function countsWords(counts: Record<string, number>): string {
  const pairs = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const said = pairs.slice(0, COUNTS_SAID).map(([name, times]) => `${count(times)} × ${name.replaceAll("_", " ")}`);
  const others = sum(Object.fromEntries(pairs.slice(COUNTS_SAID)));
  return [...said, ...(others > 0 ? [`${count(others)} others`] : [])].join(", ");
}

/** Return how many a second there were between two answers; null as long as there is one only, or after a restart. */
export function ratePerS(before: number, after: number, beforeMs: number, afterMs: number): number | null {
  return afterMs > beforeMs && after >= before ? (1000 * (after - before)) / (afterMs - beforeMs) : null;
}

/** Say a rate with no more digits than it deserves. */
export function rateWords(perS: number): string {
  if (perS === 0) return "none just now";
  if (perS < 0.1) return `${(perS * 60).toFixed(1)} a minute`;
  return `${perS < 10 ? perS.toFixed(1) : Math.round(perS)} a second`;
}

/** Say how a budget stands. */
export function budgetStanding({ circuit, is_auth_lost, rate_per_s, requests_per_s }: RequestBudget): Freshness {
  if (is_auth_lost) return { health: "failing", words: "none of the keys opens the account" };
  if (circuit === "open") return { health: "failing", words: "Twilio does not answer, and is asked seldom" };
  if (circuit === "half_open") return { health: "stale", words: "trying whether Twilio answers again" };
  if (rate_per_s < 0.99 * requests_per_s) return { health: "stale", words: "slowed down after a 429" };
  return { health: "ok", words: "asking freely" };
}

/** Say whether callbacks arrive. */
export function callbackStanding(health: CallbackHealth): Freshness {
  const { is_silent, is_trusted, judged, missed_in_a_row, missed_ratio } = health;
  if (is_silent) return { health: "failing", words: `none comes: the last ${missed_in_a_row} changes were found by polls only` };
  if (missed_ratio === null) return { health: "waiting", words: "no room has begun or ended yet to judge them by" };
  const told = `${share(1 - missed_ratio)} of the last ${plural(judged, "change")} were told`;
  if (is_trusted) return { health: "ok", words: told };
  return { health: missed_ratio > 0 ? "stale" : "waiting", words: `${told}; not trusted yet` };
}

/** Say what comes in from browsers, and what is refused. */
export function telemetryStanding({ telemetry, now_ms }: Sources): Freshness {
  const { last_at_ms, posts } = telemetry;
  if (last_at_ms === null) {
    return sum(posts) > 0
      ? { health: "failing", words: "everything that came was refused" }
      : { health: "waiting", words: "nothing received yet" };
  }
  return { health: "ok", words: `last post ${age(last_at_ms, now_ms)} ago` };
}

/** What refusals of telemetry mean, by their status, and what mends them. */
export const REFUSALS: Record<string, string> = {
  "400": "Not JSON, or not the shape of a post: a client of another version, or not ours.",
  "401": "No token, or one that no account's key has signed: add the signing key, or an ingest key.",
  "403": "The token is for another room or person, or the page's origin is not among telemetry.allowed_origins.",
  "408": "The body came too slowly.",
  "413": "Larger than telemetry.max_body_bytes.",
  "415": "Neither JSON nor text.",
  "429": "One client posts more than telemetry.posts_per_s; it tries again by itself.",
  "503": "The daemon was behind, or its disk full; clients try again by themselves.",
};

/** Whether an account needs a reader. */
export function isTroubled({ polls, troubles }: AccountSources, nowMs: number): boolean {
  return troubles.length > 0 || polls.some((poll) => ["failing", "stale"].includes(pollFreshness(poll, nowMs).health));
}
