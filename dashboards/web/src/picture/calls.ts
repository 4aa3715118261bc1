// What is asked for when calls are looked for, and how is what was found told?

import type { Coverage, FoundCall } from "../answers.ts";
import { fromAddress } from "./when.ts";

export interface Wanted {
  /** A SID, an identity, or how a room's name begins. */
  text: string;
  fromMs: number | null;
  toMs: number | null;
  /** The rule of which an alert fired, `*` for any, or nothing. */
  fired: string;
}

export const ANY_RULE = "*";
const HOUR_MS = 3_600_000;
const LONGEST_ASKED_MS = 92 * 24 * HOUR_MS; // more is not added up at a time

/** Return what an address asks for. */
export function wantedOf(query: Record<string, string>): Wanted {
  const { q = "", from, to, fired = "" } = query;
  return { text: q.trim(), fromMs: fromAddress(from), toMs: fromAddress(to), fired };
}

export function isAnything({ text, fromMs, toMs, fired }: Wanted): boolean {
  return text === "" && fromMs === null && toMs === null && fired === "";
}

function asked(pairs: Record<string, string | number | null>): string {
  const given = Object.entries(pairs).filter(([, value]) => value !== null && value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** Return the address that says what is wanted, to be shared. */
export function searchHref({ text, fromMs, toMs, fired }: Wanted): string {
  const query = asked({ q: text, from: fromMs, to: toMs, fired });
  return query === "" ? "/rooms" : `/rooms?${query}`;
}

/** Return the question for a page of what is wanted. */
export function searchUrl({ text, fromMs, toMs, fired }: Wanted, after: string | null, limit: number): string {
  return `/api/v1/rooms?${asked({ text, from: fromMs, to: toMs, fired, after, limit })}`;
}

/** Return the question how it went in these calls, by minutes; null where there is none to ask about. */
export function coverageUrl(calls: readonly FoundCall[], nowMs: number): string | null {
  const sids = calls.flatMap(({ room_sid }) => (room_sid === null ? [] : [room_sid]));
  if (sids.length === 0) return null;
  const toMs = Math.max(...calls.map(({ ended_at_ms }) => ended_at_ms ?? nowMs)) + HOUR_MS;
  const fromMs = Math.max(Math.min(...calls.map(({ created_at_ms }) => created_at_ms)), toMs - LONGEST_ASKED_MS);
  const query = new URLSearchParams([
    ["by", "room"],
    ["from", String(fromMs - (fromMs % HOUR_MS))],
    ["to", String(toMs - (toMs % 60_000))],
    ["limit", String(sids.length)],
    ...sids.map((sid) => ["key", sid]),
  ]);
  return `/api/v1/coverage?${query}`;
}

/** Return how long a call was, or has been going on; null where its end is unknown. */
export function lastedS({ created_at_ms, ended_at_ms, status }: FoundCall, nowMs: number): number | null {
  if (ended_at_ms !== null) return (ended_at_ms - created_at_ms) / 1000;
  return status === "in-progress" ? (nowMs - created_at_ms) / 1000 : null;
}

/** Return which share of the minutes with a known level was bad; null where no level was known. */
export function degradedRatio({ rated_minutes, degraded_minutes }: Coverage): number | null {
  return rated_minutes > 0 ? degraded_minutes / rated_minutes : null;
}

/** Return the participant to pick out in what was found, if one was looked for by SID. */
export function participantLookedFor({ text }: Wanted): string | null {
  return /^PA[0-9a-f]{32}$/.test(text) ? text : null;
}

/** Say why nothing was found, and what would be. */
export function nothingFound(wanted: Wanted): string {
  const { text, fromMs, toMs, fired } = wanted;
  if (isAnything(wanted)) return "No call is on record yet.";
  const others = [
    ...(fromMs !== null || toMs !== null ? ["in this time"] : []),
    ...(fired === "" ? [] : [fired === ANY_RULE ? "in which an alert fired" : `in which ${fired} fired`]),
  ].join(" ");
  const what = text === "" ? "No call" : `No call of “${text}”`;
  const hint = text === "" ? "" : " SIDs and identities have to be whole; a room's name may be how it begins.";
  return `${what} is on record${others === "" ? "" : ` ${others}`}.${hint}`;
}
