// What happened, as marks on the axis: where, in which form, and in which words?

import type { Entry } from "./shapes.ts";

/** The forms are told apart without colour: arrows into and out of the room, a cross, a flag, a square, a diamond, a tick. */
export type Form = "in" | "out" | "cross" | "flag" | "square" | "diamond" | "tick";

export interface Mark {
  readonly atMs: number;
  readonly untilMs: number | null;
  readonly form: Form;
  readonly isBad: boolean;
  readonly words: string;
}

/** The rows below the people: what concerns the room as a whole, or was done with it. */
export const ROWS = [
  { kinds: ["alert"], name: "Alerts", none: "no alerts" },
  { kinds: ["callback"], name: "Callbacks", none: "no callbacks" },
  { kinds: ["recording"], name: "Recordings", none: "no recordings" },
  { kinds: ["composition"], name: "Compositions", none: "no compositions" },
  { kinds: ["room", "preflight", "feedback"], name: "Room", none: "" },
] as const;

const FORMS: Readonly<Record<string, Form>> = {
  joined: "in",
  left: "out",
  refused: "cross",
  disconnected: "cross",
  track: "square",
  device: "cross",
  feedback: "diamond",
  preflight: "diamond",
  alert: "flag",
};

/** These last, and are drawn as strips of the lane instead of marks. */
const STRIPS: ReadonlySet<string> = new Set(["speaker", "switched_off", "reconnecting"]);
const FAILURE = /\b(fail|could not|refused|lost)/i;

export function hasCode({ code }: Entry): boolean {
  return code !== null && code !== undefined && code !== 0;
}

/** Whether an entry tells of something that went wrong. */
export function isTrouble(entry: Entry): boolean {
  if (["refused", "disconnected", "reconnecting", "switched_off", "device", "alert"].includes(entry.kind)) return true;
  if (entry.kind === "feedback") return (entry.rating ?? 5) <= 2;
  return hasCode(entry) || (["track", "recording", "composition"].includes(entry.kind) && FAILURE.test(entry.words));
}

/** Return the words of an entry, with its code and what the code means if the words do not have it. */
export function wordsOf(entry: Entry): string {
  if (!hasCode(entry) || entry.words.includes(String(entry.code))) return entry.words;
  const meaning = entry.code_words ?? entry.code_name;
  return `${entry.words} ${meaning ? `${meaning.replace(/[.\s]+$/, "")} (${entry.code}).` : `Code ${entry.code}.`}`;
}

function markOf(entry: Entry): Mark {
  return {
    atMs: entry.at_ms,
    untilMs: entry.until_ms ?? null,
    form: FORMS[entry.kind] ?? "tick",
    isBad: isTrouble(entry),
    words: wordsOf(entry),
  };
}

/** Return the marks on the lane of `key`. */
export function marksOf(entries: readonly Entry[], key: string): Mark[] {
  const outside: ReadonlySet<string> = new Set(["callback", "recording", "composition", "alert"]);
  return entries
    .filter((entry) => entry.key === key && !STRIPS.has(entry.kind) && !outside.has(entry.kind))
    .map(markOf);
}

/** Return the marks in the row of these kinds. */
export function rowMarks(entries: readonly Entry[], kinds: readonly string[]): Mark[] {
  const isHere = ({ kind, key }: Entry) => kinds.includes(kind) && !(kind === "feedback" && key);
  return entries.filter(isHere).map(markOf);
}

export interface Strip {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Return when somebody spoke, or had their picture switched off; what is not over lasts until `endMs`. */
export function strips(entries: readonly Entry[], key: string, kind: string, endMs: number): Strip[] {
  return entries
    .filter((entry) => entry.key === key && entry.kind === kind)
    .map(({ at_ms, until_ms }) => ({ fromMs: at_ms, toMs: until_ms ?? endMs }));
}

/** Return the marks within `reachMs` of a moment, or that last over it; the nearest first. */
export function marksNear(marks: readonly Mark[], atMs: number, reachMs: number): Mark[] {
  const away = ({ atMs: at, untilMs }: Mark) => Math.max(at - atMs, atMs - (untilMs ?? at), 0);
  return marks.filter((mark) => away(mark) <= reachMs).sort((a, b) => away(a) - away(b));
}
