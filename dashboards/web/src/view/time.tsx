// A moment, told as how long ago it was; the exact time is one hover away.

import { age, duration, timeOfDay } from "../picture/duration.ts";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }); // slow to make, so once

interface AgeProps {
  atMs: number;
  nowMs: number;
}

export function Age({ atMs, nowMs }: AgeProps) {
  const at = new Date(atMs);
  return (
    <time dateTime={at.toISOString()} title={EXACT.format(at)}>
      {age(atMs, nowMs)}
    </time>
  );
}

export function Clock({ atMs }: { atMs: number }) {
  return <time dateTime={new Date(atMs).toISOString()}>{timeOfDay(atMs)}</time>;
}

export function Duration({ seconds }: { seconds: number }) {
  return <time dateTime={`PT${Math.max(0, Math.floor(seconds))}S`}>{duration(seconds)}</time>;
}
