// Which measured values does a lane have, in which unit, and from where on do they matter?
//
// The bounds are those that verdicts go by (`docs/verdict.md`), and for the score those of `docs/quality.md`.

import { bitrate, milliseconds, percent } from "../picture/quantity.ts";

export interface Metric {
  /** The name of the column; `score` is not one of the columns, but beside them. */
  column: string;
  name: string;
  /** Which way it flows, if it does. */
  way: "up" | "down" | null;
  write: (value: number) => string;
  /** From here on it is bad, or null where there is no such number. */
  bound: number | null;
  /** Whether small values are the bad ones. */
  isLowBad: boolean;
  /** The scale begins here, and ends here at least. */
  from: number;
  to: number;
  /** Bars where it is a count in each step, a line where it is a value that goes on. */
  form: "line" | "bars";
}

const line = { isLowBad: false, from: 0, form: "line" } as const;

function loss(way: "up" | "down"): Metric {
  return { ...line, column: `${way}.loss_ratio`, name: "Loss", way, write: percent, bound: 0.03, to: 0.05 };
}

function jitter(way: "up" | "down"): Metric {
  return { ...line, column: `${way}.jitter_ms`, name: "Jitter", way, write: milliseconds, bound: 50, to: 60 };
}

function rate(way: "up" | "down"): Metric {
  return { ...line, column: `${way}.bitrate_bps`, name: "Bitrate", way, write: bitrate, bound: null, to: 100_000 };
}

function frames(way: "up" | "down"): Metric {
  const write = (value: number) => `${Math.round(value)} fps`;
  return { ...line, column: `${way}.fps`, name: "Frames", way, write, bound: 15, isLowBad: true, to: 30 };
}

function freezes(way: "up" | "down"): Metric {
  const write = (value: number) => String(Math.round(value));
  return { ...line, column: `${way}.freezes`, name: "Freezes", way, write, bound: 1, to: 3, form: "bars" };
}

const SCORE: Metric = {
  ...line,
  column: "score",
  name: "Score",
  way: null,
  write: (value) => value.toFixed(1),
  bound: 3.5,
  isLowBad: true,
  from: 1,
  to: 4.5,
};
const RTT: Metric = { ...line, column: "rtt_ms", name: "Round trip", way: null, write: milliseconds, bound: 400, to: 450 };

export const METRICS: readonly Metric[] = [
  SCORE,
  RTT,
  ...[loss, jitter, rate, frames, freezes].flatMap((of) => [of("up"), of("down")]),
];

/** Whether `value` is on the wrong side of what the metric bears. */
export function isBad({ bound, isLowBad }: Metric, value: number): boolean {
  if (bound === null) return false;
  return isLowBad ? value < bound : value >= bound;
}

export function title({ name, way }: Metric): string {
  return way === null ? name : `${name} ${way}`;
}

/** Say in words from where on it is bad. */
export function boundInWords({ bound, isLowBad, write }: Metric): string {
  if (bound === null) return "";
  return `bad ${isLowBad ? "below" : "from"} ${write(bound)}`;
}
