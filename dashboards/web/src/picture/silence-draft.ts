// What a form about a silence holds, what is wrong with it, and the request that is made of it.

import type { Silence } from "../api/silences.ts";
import { readLasting, writtenLasting } from "./lasting.ts";
import { fieldOf, momentOf } from "./local-time.ts";
import { isBegun, type Matcher, readMatchers, written } from "./matchers.ts";

export interface Draft {
  matchers: Matcher[];
  author: string;
  reason: string;
  /** "for" so long, or "until" a moment. */
  ends: "for" | "until";
  lasts: string;
  until: string;
  /** Empty: now. */
  from: string;
}

export type Problems = Partial<Record<"matchers" | "author" | "reason" | "lasts" | "until" | "from", string>>;

export interface SilenceAsked {
  matchers: string[];
  author: string;
  reason: string;
  starts_at_ms?: number;
  ends_at_ms?: number;
  /** By the daemon's clock, whatever the reader's says. */
  lasts?: string;
}

const ONE_ROW: Matcher[] = [{ name: "", operator: "=", value: "" }];

/** Return a form that is filled as far as a link says which alerts are meant. */
export function draftOf(matchers: string, author: string): Draft {
  const read = readMatchers(matchers);
  return { matchers: read?.length ? read : ONE_ROW, author, reason: "", ends: "for", lasts: "2h", until: "", from: "" };
}

/** Return a form that says what a silence says, to be made anew. */
export function draftOfSilence(silence: Silence, author: string, nowMs: number): Draft {
  const matchers = silence.matchers.flatMap((text) => readMatchers(text) ?? []);
  return {
    matchers: matchers.length === 0 ? ONE_ROW : matchers,
    author,
    reason: silence.reason,
    ends: silence.state === "expired" ? "for" : "until",
    lasts: writtenLasting(silence.ends_at_ms - silence.starts_at_ms),
    until: silence.state === "expired" ? "" : fieldOf(silence.ends_at_ms),
    from: silence.starts_at_ms > nowMs ? fieldOf(silence.starts_at_ms) : "",
  };
}

export function matcherTexts({ matchers }: Draft): string[] {
  return matchers.filter(isBegun).map(written);
}

function startOf({ from }: Draft, nowMs: number): number {
  return momentOf(from) ?? nowMs;
}

/** Return when it would end, null as long as nobody can tell. */
export function endOf(draft: Draft, nowMs: number): number | null {
  if (draft.ends === "until") return momentOf(draft.until);
  const lastsMs = readLasting(draft.lasts);
  return lastsMs === null ? null : startOf(draft, nowMs) + lastsMs;
}

export function problemsOf(draft: Draft, nowMs: number): Problems {
  const problems: Problems = {};
  const begun = draft.matchers.filter(isBegun);
  if (begun.length === 0) problems.matchers = "Which alerts? Give at least one label and its value.";
  else if (begun.some(({ name }) => name.trim() === "")) problems.matchers = "A condition needs the name of a label.";
  if (draft.author.trim() === "") problems.author = "Who silences this? The others will want to know.";
  if (draft.reason.trim() === "") problems.reason = "Why? A ticket, or what is being worked on.";
  if (draft.ends === "for" && readLasting(draft.lasts) === null) problems.lasts = "How long? Such as 2h, 90 min or 1 d 12 h.";
  if (draft.from !== "" && momentOf(draft.from) === null) problems.from = "From when? A day and a time, or nothing for now.";
  if (draft.ends === "until") {
    const endsMs = momentOf(draft.until);
    if (endsMs === null) problems.until = "Until when? A day and a time.";
    else if (endsMs <= startOf(draft, nowMs)) problems.until = "It has to end after it has begun.";
  }
  return problems;
}

/** Return the request for a form without problems. */
export function askedOf(draft: Draft, nowMs: number): SilenceAsked {
  const startsMs = momentOf(draft.from);
  return {
    matchers: matcherTexts(draft),
    author: draft.author.trim(),
    reason: draft.reason.trim(),
    ...(startsMs !== null && startsMs > nowMs ? { starts_at_ms: startsMs } : {}),
    ...(draft.ends === "for"
      ? { lasts: writtenLasting(readLasting(draft.lasts) ?? 0) }
      : { ends_at_ms: endOf(draft, nowMs) ?? nowMs }),
  };
}

/** Return the field that an error of the daemon's is about, as in `matchers[1]: expected …`. */
export function fieldOfError(words: string): keyof Problems | null {
  const key = /^(\w+)(?:\[\d+\])?: /.exec(words)?.[1] ?? "";
  const fields: Record<string, keyof Problems> = {
    matchers: "matchers", author: "author", reason: "reason", lasts: "lasts", ends_at_ms: "until", starts_at_ms: "from",
  };
  return fields[key] ?? null;
}
