// What do the keys do to what is looked at?
//
// Single letters and signs are heard only while the focus is on the axis, and arrows only while it is on the scale.

import { momentAt, isWithin } from "../../call/axis.ts";
import { panned, showing, zoomed } from "../../call/zoom.ts";
import type { Sight } from "./sight.ts";

const CLOSER = 0.5;
const MANY = 10; // steps at once, with Shift

export interface Steps {
  /** The moments of what happened, in the order of time. */
  moments: () => readonly number[];
  /** How long a step of the grid is. */
  stepMs: () => number;
  /** The reader chose a moment, and the lane of `key` if it was in one. */
  onChoose: (atMs: number, key: string) => void;
}

type Key = (sight: Sight, steps: Steps, hereMs: number, times: number) => void;

function move(sight: Sight, atMs: number): void {
  sight.point(atMs);
  sight.show(showing(sight.cursorMs ?? atMs, sight.part, sight.whole));
}

function zoom(sight: Sight, factor: number, hereMs: number): void {
  const about = isWithin(hereMs, sight.part) ? hereMs : momentAt(0.5, sight.part);
  sight.show(zoomed(sight.part, factor, about, sight.whole));
}

const closer: Key = (sight, _, here) => zoom(sight, CLOSER, here);
const further: Key = (sight, _, here) => zoom(sight, 1 / CLOSER, here);
const forward: Key = (sight, { stepMs }, here, times) => move(sight, here + stepMs() * times);
const back: Key = (sight, { stepMs }, here, times) => move(sight, here - stepMs() * times);
const choose: Key = (_, { onChoose }, here) => onChoose(here, "");

const ON_AXIS: Readonly<Record<string, Key>> = {
  "+": closer,
  "=": closer,
  "-": further,
  _: further,
  "0": (sight) => sight.show(sight.whole),
  n: (sight, { moments }, here) => move(sight, moments().find((atMs) => atMs > here + 1) ?? here),
  p: (sight, { moments }, here) => move(sight, moments().filter((atMs) => atMs < here - 1).at(-1) ?? here),
};

const ON_SCALE: Readonly<Record<string, Key>> = {
  ArrowRight: forward,
  ArrowUp: forward,
  ArrowLeft: back,
  ArrowDown: back,
  PageDown: (sight) => sight.show(panned(sight.part, 0.5, sight.whole)),
  PageUp: (sight) => sight.show(panned(sight.part, -0.5, sight.whole)),
  Home: (sight) => move(sight, sight.whole.fromMs),
  End: (sight) => move(sight, sight.whole.toMs),
  Enter: choose,
  " ": choose,
  Escape: (sight) => sight.point(null),
};

/** Do what a key says; return whether it said anything. */
export function press(event: KeyboardEvent, sight: Sight, steps: Steps): boolean {
  const { target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || !(target instanceof Element)) return false;
  if (target.matches("input, select, textarea")) return false;
  const does = ON_AXIS[event.key] ?? (target.closest(".scale") === null ? undefined : ON_SCALE[event.key]);
  does?.(sight, steps, sight.cursorMs ?? momentAt(0.5, sight.part), event.shiftKey ? MANY : 1);
  return does !== undefined;
}
