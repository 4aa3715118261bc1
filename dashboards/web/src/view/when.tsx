// A moment on the reader's clock: the time of the day, with its day unless that is today.

import { isSameDay } from "../picture/local-time.ts";
import { timeOfDay } from "../picture/duration.ts";

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const HALF_A_YEAR_MS = 180 * 86_400_000;

export function When({ atMs }: { atMs: number }) {
  const at = new Date(atMs);
  const nowMs = Date.now();
  const day = Math.abs(nowMs - atMs) > HALF_A_YEAR_MS ? DAY_AND_YEAR : DAY;
  return (
    <time class="when" dateTime={at.toISOString()} title={EXACT.format(at)}>
      {!isSameDay(atMs, nowMs) && `${day.format(at)}, `}
      {timeOfDay(atMs)}
    </time>
  );
}
