// How does a measured value become something to draw?

import type { Part } from "./axis.ts";
import type { Metric } from "./metrics.ts";
import type { Lane, Lanes } from "./shapes.ts";

export type Grid = Pick<Lanes, "from_ms" | "step_ms" | "steps">;
export type Values = readonly (number | null)[];

const NONE: Values = [];

/** Return the values of a metric, empty where nobody told any. */
export function valuesOf(lane: Lane, { column }: Metric): Values {
  if (column === "score") return lane.score;
  return (lane.columns[column] as Values | undefined) ?? NONE;
}

/** Return the step that a moment falls into, whether or not there is one. */
export function stepAt(atMs: number, { from_ms, step_ms }: Grid): number {
  return Math.floor((atMs - from_ms) / step_ms);
}

/** Return the value at a moment, or null if there is none. */
export function valueAt(values: Values, atMs: number, grid: Grid): number | null {
  return values[stepAt(atMs, grid)] ?? null;
}

/** Return the worst value of each of `width` pixels of `part`, NaN where nothing is known: a gap, never a zero. */
export function worstByPixel(values: Values, grid: Grid, part: Part, width: number, isLowBad: boolean): Float64Array {
  const found = new Float64Array(width).fill(Number.NaN);
  const scale = width / (part.toMs - part.fromMs);
  const last = Math.min(values.length - 1, stepAt(part.toMs, grid));
  for (let step = Math.max(0, stepAt(part.fromMs, grid)); step <= last; step += 1) {
    const value = values[step];
    if (value === null || value === undefined) continue;
    const begins = (grid.from_ms + step * grid.step_ms - part.fromMs) * scale;
    const first = Math.max(0, Math.floor(begins));
    const end = Math.min(width, Math.max(first + 1, Math.round(begins + grid.step_ms * scale)));
    for (let x = first; x < end; x += 1) {
      const before = found[x] ?? Number.NaN;
      if (!(isLowBad ? before <= value : before >= value)) found[x] = value;
    }
  }
  return found;
}

/** Return where the scale of a metric ends, if it should show all of these values and be a round number. */
export function scaleEnd(all: readonly Values[], { to, column }: Metric): number {
  if (column === "score") return to;
  let most = to;
  for (const values of all) for (const value of values) if (value !== null && value > most) most = value;
  return most === to ? to : rounded(most);
}

function rounded(most: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(most));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * magnitude >= most) ?? 10;
  return step * magnitude;
}

export interface Extent {
  known: number;
  median: number | null;
  worst: number | null;
}

/** Say of a value what it usually was in `part`, and what it was at worst. */
export function extent(values: Values, grid: Grid, part: Part, isLowBad: boolean): Extent {
  const from = Math.max(0, stepAt(part.fromMs, grid));
  const seen = values.slice(from, Math.max(from, stepAt(part.toMs, grid) + 1)).filter((value) => value !== null);
  seen.sort((a, b) => a - b);
  const median = seen[seen.length >> 1] ?? null;
  const worst = (isLowBad ? seen[0] : seen[seen.length - 1]) ?? null;
  return { known: seen.length, median, worst };
}
