// What do a pointer and a wheel do to what is looked at?
//
// Moving points at a moment, dragging draws what to look at closely, with Shift or on the scale it moves the call along;
// the wheel with Ctrl zooms, sideways it moves.  On glass one finger points and two zoom; up and down still scroll.

import { momentAt } from "../../call/axis.ts";
import { drawn, panned, zoomed } from "../../call/zoom.ts";
import { press, type Steps } from "./keys.ts";
import type { Sight } from "./sight.ts";

const DRAG_PX = 5; // less is a click that shook
const WHEEL = 0.0025;
const BUTTONS = "a, button, input, select, summary, label";

interface Grip {
  id: number;
  x: number;
  atMs: number;
  isPan: boolean;
  isDragged: boolean;
  isTouch: boolean;
  key: string;
}

/** Have `area` obey; `plots` is where the axis begins and ends.  Returns how to end that. */
export function listen(area: HTMLElement, plots: HTMLElement, sight: Sight, steps: Steps): () => void {
  const hands = new Hands(area, plots, sight, steps.onChoose);
  const ended = new AbortController();
  const { signal } = ended;
  area.addEventListener("pointerdown", (event) => hands.down(event), { signal });
  area.addEventListener("pointermove", (event) => hands.move(event), { signal });
  area.addEventListener("pointerup", (event) => hands.up(event), { signal });
  area.addEventListener("pointercancel", (event) => hands.cancel(event), { signal });
  area.addEventListener("pointerleave", (event) => hands.leave(event), { signal });
  area.addEventListener("wheel", (event) => hands.wheel(event), { signal, passive: false });
  area.addEventListener("keydown", (event) => press(event, sight, steps) && event.preventDefault(), { signal });
  return () => ended.abort();
}

/** The pointers that are down, and what they are about to do. */
class Hands {
  #fingers = new Map<number, number>();
  #grip: Grip | null = null;

  constructor(
    readonly area: HTMLElement,
    readonly plots: HTMLElement,
    readonly sight: Sight,
    readonly onChoose: Steps["onChoose"],
  ) {}

  down(event: PointerEvent): void {
    if (event.button !== 0 || this.#isOutside(event)) return;
    const { pointerId: id, clientX: x } = event;
    const isTouch = event.pointerType === "touch";
    const isPan = event.shiftKey || (event.target instanceof Element && event.target.closest(".scale") !== null);
    const key = laneOf(event.target);
    this.#grip = { id, x, atMs: this.#momentOf(x), isPan, isDragged: false, isTouch, key };
    this.sight.point(this.#grip.atMs);
    if (isTouch) this.#fingers.set(id, x);
    else this.area.setPointerCapture(id);
  }

  move(event: PointerEvent): void {
    const { pointerId: id, clientX: x } = event;
    if (this.#fingers.size > 1 && this.#fingers.has(id)) {
      this.#grip = null;
      this.#pinch(id, x);
    } else if (this.#grip?.id === id) this.#drag(this.#grip, x);
    else if (event.pointerType !== "touch" && this.#grip === null) {
      this.sight.point(this.#isOutside(event) ? null : this.#momentOf(x));
    }
  }

  up({ pointerId, clientX }: PointerEvent): void {
    this.#fingers.delete(pointerId);
    const held = this.#grip;
    if (held?.id !== pointerId) return;
    this.#grip = null;
    if (this.sight.band !== null) {
      this.sight.show(drawn(held.atMs, this.#momentOf(clientX), this.sight.whole));
      this.sight.drawBand(null);
    } else if (!held.isDragged) this.onChoose(this.#momentOf(clientX), held.key);
  }

  cancel({ pointerId }: PointerEvent): void {
    this.#fingers.delete(pointerId);
    if (this.#grip?.id === pointerId) this.#grip = null;
    this.sight.drawBand(null);
  }

  /** A mouse that is gone points at nothing; a finger that was lifted pointed at what is to be read. */
  leave({ pointerType }: PointerEvent): void {
    if (pointerType !== "touch" && this.#grip === null && this.#fingers.size === 0) this.sight.point(null);
  }

  wheel(event: WheelEvent): void {
    if (this.#isOutside(event)) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const factor = Math.exp(event.deltaY * WHEEL);
      return this.sight.show(zoomed(this.sight.part, factor, this.#momentOf(event.clientX), this.sight.whole));
    }
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!isSideways) return; // the page scrolls
    event.preventDefault();
    this.#pan(event.deltaX === 0 ? event.deltaY : event.deltaX);
  }

  #drag(held: Grip, x: number): void {
    held.isDragged ||= Math.abs(x - held.x) > DRAG_PX;
    if (held.isPan && held.isDragged) {
      this.#pan(held.x - x);
      held.x = x;
      return;
    }
    const atMs = this.#momentOf(x);
    this.sight.point(atMs);
    if (held.isTouch || !held.isDragged) return;
    this.sight.drawBand({ fromMs: Math.min(held.atMs, atMs), toMs: Math.max(held.atMs, atMs) });
  }

  #pinch(id: number, x: number): void {
    const other = [...this.#fingers].find(([key]) => key !== id)?.[1];
    const before = this.#fingers.get(id);
    this.#fingers.set(id, x);
    if (other === undefined || before === undefined) return;
    const factor = Math.max(1, Math.abs(before - other)) / Math.max(1, Math.abs(x - other));
    this.sight.show(zoomed(this.sight.part, factor, this.#momentOf((before + other) / 2), this.sight.whole));
    this.#pan((before - x) / 2);
  }

  #pan(px: number): void {
    this.sight.show(panned(this.sight.part, px / this.#width(), this.sight.whole));
  }

  #width(): number {
    return Math.max(1, this.plots.getBoundingClientRect().width);
  }

  #momentOf(x: number): number {
    const { left, width } = this.plots.getBoundingClientRect();
    return momentAt(Math.min(1, Math.max(0, (x - left) / Math.max(1, width))), this.sight.part);
  }

  /** Whether something happened beside the plots, or on something that has a use of its own. */
  #isOutside({ target, clientX }: MouseEvent): boolean {
    const { left, right } = this.plots.getBoundingClientRect();
    const isButton = target instanceof Element && target.closest(BUTTONS) !== null;
    return isButton || clientX < left || clientX > right;
  }
}

/** Return the key of the lane that something is in, or nothing. */
function laneOf(target: EventTarget | null): string {
  const lane = target instanceof Element ? target.closest<HTMLElement>("[data-lane]") : null;
  return lane?.dataset.lane ?? "";
}
