// What did somebody measure at one moment?

import { milliseconds, percent } from "../picture/quantity.ts";
import { METRICS, isBad } from "./metrics.ts";
import { type Grid, valueAt } from "./series.ts";
import type { Lane } from "./shapes.ts";
import { AWAY, IDLE, levelOf, standAt, type Run, toneOf, wordOf } from "./stands.ts";
import type { Tone } from "../picture/level.ts";

export interface Measured {
  words: string;
  isBad: boolean;
}

export interface Reading {
  level: number | null;
  word: string;
  tone: Tone;
  measured: Measured[];
}

const AT_A_GLANCE: readonly (readonly [string, string, (value: number) => string])[] = [
  ["rtt_ms", "", milliseconds],
  ["up.loss_ratio", "↑", percent],
  ["down.loss_ratio", "↓", percent],
];

function measured(lane: Lane, grid: Grid, atMs: number): Measured[] {
  const found: Measured[] = [];
  for (const [column, arrow, write] of AT_A_GLANCE) {
    const value = valueAt((lane.columns[column] as (number | null)[] | undefined) ?? [], atMs, grid);
    const metric = METRICS.find((each) => each.column === column);
    if (value === null || metric === undefined) continue;
    found.push({ words: arrow === "" ? write(value) : `${arrow} ${write(value)}`, isBad: isBad(metric, value) });
  }
  return found;
}

/** Return how somebody stood at a moment, and what was measured then. */
export function readingAt(lane: Lane, runs: readonly Run[], grid: Grid, atMs: number): Reading {
  const stand = standAt(runs, atMs);
  const isThere = stand !== AWAY && stand !== IDLE;
  return {
    level: levelOf(stand),
    word: wordOf(stand),
    tone: toneOf(stand),
    measured: isThere ? measured(lane, grid, atMs) : [],
  };
}
