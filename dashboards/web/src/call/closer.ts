// Should a part of a long call be asked for again, in finer steps than the whole of it?
//
// Of a call of many hours a step stands for many samples.  Whoever looks closer gets to see them one by one.

import { lengthMs, type Part } from "./axis.ts";
import type { Lanes } from "./shapes.ts";
import { kept } from "./zoom.ts";

const FEW_STEPS = 300; // fewer than this would be drawn as visible stairs

/** Return the part to ask for, with what is on both sides of it; null if what is known is as fine as it gets. */
export function closerPart(part: Part, whole: Part, { step_ms, lanes }: Pick<Lanes, "step_ms" | "lanes">): Part | null {
  const every = lanes.flatMap(({ every_ms }) => (every_ms === null ? [] : [every_ms]));
  if (every.length === 0 || Math.min(...every) * 1.5 > step_ms || lengthMs(part) / step_ms > FEW_STEPS) return null;
  const aside = lengthMs(part) / 2;
  return kept({ fromMs: Math.floor(part.fromMs - aside), toMs: Math.ceil(part.toMs + aside) }, whole);
}

/** Whether `lanes` show all of `part` that `whole` has. */
export function isCovered(part: Part, { from_ms, step_ms, steps }: Pick<Lanes, "from_ms" | "step_ms" | "steps">): boolean {
  return from_ms <= part.fromMs + step_ms && from_ms + steps * step_ms >= part.toMs - step_ms;
}
