// Where on the axis of time is a moment, and what is written under it?

/** A part of the call, `fromMs` inclusive. */
export interface Part {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Tick {
  atMs: number;
  label: string;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** What people count time in: each divides the next, so that ticks stay where they were when one looks closer. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * HOUR_MS),
] as const;

export function lengthMs({ fromMs, toMs }: Part): number {
  return toMs - fromMs;
}

/** Return where `atMs` is between the edges of `part`: 0 at the left one, 1 at the right one. */
export function position(atMs: number, part: Part): number {
  return (atMs - part.fromMs) / lengthMs(part);
}

/** Return the moment at `ratio` of `part`. */
export function momentAt(ratio: number, part: Part): number {
  return part.fromMs + ratio * lengthMs(part);
}

export function isWithin(atMs: number, { fromMs, toMs }: Part): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

/** Return how far two ticks should be apart if at most `most` of them fit. */
export function tickStepMs(part: Part, most: number): number {
  const least = lengthMs(part) / Math.max(1, most);
  return STEPS_MS.find((step) => step >= least) ?? 24 * HOUR_MS;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** Return the reader's time of day, as finely as a step of `stepMs` needs. */
export function clock(atMs: number, stepMs = SECOND_MS): string {
  const at = new Date(atMs);
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return stepMs < MINUTE_MS ? `${minutes}:${two(at.getSeconds())}` : minutes;
}

/** Return at most `most` ticks at round times of the reader's day. */
export function ticks(part: Part, most: number): Tick[] {
  const stepMs = tickStepMs(part, most);
  const offsetMs = new Date(part.fromMs).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((part.fromMs - offsetMs) / stepMs) * stepMs + offsetMs;
  const found: Tick[] = [];
  for (let atMs = first; atMs <= part.toMs; atMs += stepMs) found.push({ atMs, label: clock(atMs, stepMs) });
  return found;
}
