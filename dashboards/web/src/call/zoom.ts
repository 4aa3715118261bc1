// Which part of the call is shown after one has looked closer, further, or aside?

import { lengthMs, type Part } from "./axis.ts";

/** Closer than this there is nothing more to see: browsers sample every few seconds. */
export const SHORTEST_MS = 20_000;

/** Return `part` moved into `whole`, and made no longer than it is. */
export function kept(part: Part, whole: Part): Part {
  const length = Math.min(Math.max(lengthMs(part), Math.min(SHORTEST_MS, lengthMs(whole))), lengthMs(whole));
  const fromMs = Math.min(Math.max(part.fromMs, whole.fromMs), whole.toMs - length);
  return { fromMs, toMs: fromMs + length };
}

/** Return `part` with its length times `factor`, `aboutMs` staying where it is. */
export function zoomed(part: Part, factor: number, aboutMs: number, whole: Part): Part {
  const shortest = Math.min(SHORTEST_MS, lengthMs(whole));
  const length = Math.min(Math.max(lengthMs(part) * factor, shortest), lengthMs(whole));
  const ratio = (aboutMs - part.fromMs) / lengthMs(part);
  const fromMs = aboutMs - ratio * length;
  return kept({ fromMs, toMs: fromMs + length }, whole);
}

/** Return `part` moved by `ratio` of its length; to the right if positive. */
export function panned(part: Part, ratio: number, whole: Part): Part {
  const byMs = ratio * lengthMs(part);
  return kept({ fromMs: part.fromMs + byMs, toMs: part.toMs + byMs }, whole);
}

/** Return the part between two moments that somebody drew, in whichever direction. */
export function drawn(oneMs: number, otherMs: number, whole: Part): Part {
  const fromMs = Math.min(oneMs, otherMs);
  const toMs = Math.max(oneMs, otherMs);
  const lacking = Math.max(0, SHORTEST_MS - (toMs - fromMs)) / 2;
  return kept({ fromMs: fromMs - lacking, toMs: toMs + lacking }, whole);
}

/** Return `part`, moved as little as it takes to show `atMs`, with some of what is around it. */
export function showing(atMs: number, part: Part, whole: Part): Part {
  const margin = lengthMs(part) / 10;
  if (atMs < part.fromMs) return kept({ fromMs: atMs - margin, toMs: atMs - margin + lengthMs(part) }, whole);
  if (atMs > part.toMs) return kept({ fromMs: atMs + margin - lengthMs(part), toMs: atMs + margin }, whole);
  return part;
}

export function isWhole(part: Part, whole: Part): boolean {
  return lengthMs(part) >= lengthMs(whole) - 1;
}
