// What the reader looks at: which part of the call, and which moment of it.
//
// Every lane follows it, and it changes with every move of a pointer.  So it lives outside of the component tree: whoever
// shows something of it is told once a frame, and canvases draw without anything being rendered anew.

import { createContext } from "preact";
import { useContext, useEffect, useReducer, useState } from "preact/hooks";
import { lengthMs, type Part } from "../../call/axis.ts";
import { kept } from "../../call/zoom.ts";

type Listener = () => void;

const READ_MS = 60; // numbers that change faster are read by nobody

export class Sight {
  part: Part;
  /** The moment under the pointer, or that the keys moved to. */
  cursorMs: number | null = null;
  /** What is being drawn with the pointer, to be looked at more closely. */
  band: Part | null = null;
  #whole: Part;
  #listeners = new Set<Listener>();
  #readers = new Set<Listener>();
  #frame = 0;
  #reading = 0;

  constructor(whole: Part) {
    this.#whole = whole;
    this.part = whole;
  }

  get whole(): Part {
    return this.#whole;
  }

  /** Show `part`, or as much of it as there is. */
  show(part: Part): void {
    this.part = kept(part, this.#whole);
    this.#changed();
  }

  point(atMs: number | null): void {
    if (atMs === this.cursorMs) return;
    this.cursorMs = atMs === null ? null : Math.min(Math.max(atMs, this.#whole.fromMs), this.#whole.toMs);
    this.#changed();
  }

  drawBand(band: Part | null): void {
    this.band = band;
    this.#changed();
  }

  /** The call went on: whoever looked at its end goes on looking at its end. */
  extend(whole: Part): void {
    const before = this.#whole;
    if (whole.fromMs === before.fromMs && whole.toMs === before.toMs) return;
    const wasWhole = lengthMs(this.part) >= lengthMs(before) - 1;
    const byMs = whole.toMs - before.toMs;
    const followed = this.part.toMs >= before.toMs - 1;
    this.#whole = whole;
    if (wasWhole) this.part = whole;
    else if (followed) this.part = kept({ fromMs: this.part.fromMs + byMs, toMs: this.part.toMs + byMs }, whole);
    this.#changed();
  }

  /** Have `listener` told, once a frame, of what has changed; returns how to end that. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Have `reader` told as well, but no more often than numbers can be read. */
  read(reader: Listener): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #changed(): void {
    this.#reading ||= setTimeout(() => {
      this.#reading = 0;
      for (const reader of this.#readers) reader();
    }, READ_MS);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}

export const SightContext = createContext<Sight>(new Sight({ fromMs: 0, toMs: 1 }));

/** Return the part of the call that is shown, as it is in every frame. */
export function usePart(): Part {
  const sight = useContext(SightContext);
  const [part, setPart] = useState(sight.part);
  useEffect(() => {
    setPart(sight.part);
    return sight.follow(() => setPart(sight.part));
  }, [sight]);
  return part;
}

/** Return what is looked at, and render anew when that has changed. */
export function useSight(): Sight {
  const sight = useContext(SightContext);
  const [, again] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => sight.read(() => again(undefined)), [sight]);
  return sight;
}
