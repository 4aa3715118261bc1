// How did somebody stand at each moment of the call?
//
// A stand is a small number, the larger the worse, so that of several in one pixel the worst is the largest.  Not being
// there, not being known of and being idle are stands of their own: none of them is a level, and none is well.

import type { Lane, Lanes } from "./shapes.ts";
import type { Part } from "./axis.ts";
import { LEVEL_WORDS, type Tone } from "../picture/level.ts";

export const AWAY = 0;
export const UNKNOWN = 1;
export const IDLE = 2;
export const RECONNECTING = 9;
const BEST = 3; // level 5; level 0 is 8

export interface Run {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stand: number;
}

export function standOfLevel(level: number): number {
  return BEST + 5 - Math.min(5, Math.max(0, Math.round(level)));
}

/** Return the level that a stand is, or null if it is none. */
export function levelOf(stand: number): number | null {
  return stand >= BEST && stand < RECONNECTING ? BEST + 5 - stand : null;
}

export const LOW_LEVEL = 2;

export function isLow(stand: number): boolean {
  return stand >= standOfLevel(LOW_LEVEL);
}

const TONES: readonly Tone[] = ["bad", "bad", "poor", "fair", "good", "good"];

export function toneOf(stand: number): Tone {
  if (stand === RECONNECTING) return "bad";
  return TONES[levelOf(stand) ?? -1] ?? "none";
}

export function wordOf(stand: number): string {
  if (stand === RECONNECTING) return "reconnecting";
  if (stand === AWAY) return "not in the room";
  if (stand === IDLE) return "idle";
  return LEVEL_WORDS[levelOf(stand) ?? -1] ?? "unknown";
}

/** From where on a score of ours stands for levels 1 to 5: below 3.5 a moment is bad (`docs/quality.md`). */
const SCORES = [1.7, 2.6, 3.5, 3.6, 4.0] as const;

export function levelOfScore(score: number): number {
  return SCORES.filter((bound) => score >= bound).length;
}

/** Whether Twilio gave somebody no level at all, so that our score has to do. */
export function isByScore(lane: Lane): boolean {
  return lane.level.every((level) => level === null) && lane.score.some((score) => score !== null);
}

function standHeard(lane: Lane, step: number, byScore: boolean): number {
  if (lane.idle[step] === true) return IDLE;
  if (byScore) {
    const score = lane.score[step] ?? null;
    return score === null ? UNKNOWN : standOfLevel(levelOfScore(score));
  }
  const level = lane.level[step] ?? null;
  return level === null ? UNKNOWN : standOfLevel(level);
}

/** Return how somebody stood, as runs in the order of time without overlaps; between them they were away. */
export function runsOf(lane: Lane, { from_ms, step_ms, steps }: Pick<Lanes, "from_ms" | "step_ms" | "steps">): Run[] {
  const byScore = isByScore(lane);
  const runs: Run[] = [];
  const add = (fromMs: number, toMs: number, stand: number) => {
    const last = runs[runs.length - 1];
    if (toMs <= fromMs) return;
    if (last !== undefined && last.stand === stand && last.toMs === fromMs) runs[runs.length - 1] = { ...last, toMs };
    else runs.push({ fromMs, toMs, stand });
  };
  for (const span of lane.spans) {
    if (span.status === "idle") add(span.from_ms, span.to_ms, IDLE);
    else if (span.status === "silent") add(span.from_ms, span.to_ms, UNKNOWN);
    else if (span.status === "reconnecting") add(span.from_ms, span.to_ms, RECONNECTING);
    else {
      const first = Math.max(0, Math.floor((span.from_ms - from_ms) / step_ms));
      const last = Math.min(steps - 1, Math.ceil((span.to_ms - from_ms) / step_ms) - 1);
      for (let step = first; step <= last; step += 1) {
        const begins = from_ms + step * step_ms;
        add(Math.max(begins, span.from_ms), Math.min(begins + step_ms, span.to_ms), standHeard(lane, step, byScore));
      }
    }
  }
  return runs;
}

/** Return the stand in each of `width` pixels of `part`: the worst that falls into it. */
export function pixels(runs: readonly Run[], part: Part, width: number): Uint8Array {
  const stands = new Uint8Array(width);
  const scale = width / (part.toMs - part.fromMs);
  for (let i = firstEndingAfter(runs, part.fromMs); i < runs.length; i += 1) {
    const run = runs[i];
    if (run === undefined || run.fromMs >= part.toMs) break;
    const first = Math.max(0, Math.floor((run.fromMs - part.fromMs) * scale));
    const end = Math.min(width, Math.max(first + 1, Math.round((run.toMs - part.fromMs) * scale)));
    for (let x = first; x < end; x += 1) if (run.stand > (stands[x] ?? 0)) stands[x] = run.stand;
  }
  return stands;
}

function firstEndingAfter(runs: readonly Run[], atMs: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.toMs ?? 0) > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Return how somebody stood at a moment. */
export function standAt(runs: readonly Run[], atMs: number): number {
  const run = runs[firstEndingAfter(runs, atMs)];
  return run !== undefined && run.fromMs <= atMs ? run.stand : AWAY;
}

export interface Balance {
  /** How long somebody was there, in milliseconds, and how much of it in which way. */
  thereMs: number;
  lowMs: number;
  idleMs: number;
  unknownMs: number;
  reconnects: number;
  worst: number;
}

/** Add up how somebody fared. */
export function balance(runs: readonly Run[]): Balance {
  const sum: Balance = { thereMs: 0, lowMs: 0, idleMs: 0, unknownMs: 0, reconnects: 0, worst: AWAY };
  for (const { fromMs, toMs, stand } of runs) {
    const lastedMs = toMs - fromMs;
    sum.thereMs += lastedMs;
    if (isLow(stand)) sum.lowMs += lastedMs;
    if (stand === IDLE) sum.idleMs += lastedMs;
    if (stand === UNKNOWN) sum.unknownMs += lastedMs;
    if (stand === RECONNECTING) sum.reconnects += 1;
    sum.worst = Math.max(sum.worst, stand);
  }
  return sum;
}
