// The lines through all lanes: the moment under the pointer, the moment that the link marks, and what is being drawn.
//
// They move with every frame, so they are moved by hand and not rendered anew.

import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { clock, isWithin, position } from "../../call/axis.ts";
import { SightContext } from "./sight.ts";

/**
 * Return the moment that readings are of: under the pointer, else the marked one, else none.
 *
 * What is not on the screen (`place` is where it is) keeps still until it is.
 */
export function useMoment(markedMs: number | null, place?: RefObject<HTMLElement | null>): number | null {
  const sight = useContext(SightContext);
  const [cursorMs, setCursor] = useState(sight.cursorMs);
  useEffect(() => {
    let isSeen = place === undefined;
    const read = () => isSeen && setCursor(sight.cursorMs);
    const watch = new IntersectionObserver(([entry]) => {
      isSeen = entry?.isIntersecting ?? false;
      read();
    });
    if (place?.current) watch.observe(place.current);
    const unread = sight.read(read);
    return () => {
      watch.disconnect();
      unread();
    };
  }, [sight]);
  return cursorMs ?? markedMs;
}

interface LinesProps {
  markedMs: number | null;
  /** Where the axis begins and ends, for whoever measures it. */
  plots: RefObject<HTMLDivElement | null>;
}

const LATE = 0.85; // of the axis: from here on a label to the right would lie over what is read there

export function Lines({ markedMs, plots }: LinesProps) {
  const sight = useContext(SightContext);
  const [cursor, marked, band] = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)];
  useEffect(() => {
    const place = () => {
      put(cursor.current, sight.cursorMs);
      put(marked.current, markedMs);
      marked.current?.classList.toggle("is-late", markedMs !== null && position(markedMs, sight.part) > LATE);
      const drawnNow = sight.band;
      if (band.current === null) return;
      band.current.hidden = drawnNow === null;
      if (drawnNow === null) return;
      band.current.style.left = `${100 * position(drawnNow.fromMs, sight.part)}%`;
      band.current.style.right = `${100 - 100 * position(drawnNow.toMs, sight.part)}%`;
    };
    const put = (line: HTMLDivElement | null, atMs: number | null) => {
      if (line === null) return;
      line.hidden = atMs === null || !isWithin(atMs, sight.part);
      if (atMs !== null) line.style.left = `${100 * position(atMs, sight.part)}%`;
    };
    place();
    return sight.follow(place);
  }, [sight, markedMs]);
  return (
    <div class="axis-over" ref={plots} aria-hidden="true">
      <div class="band" ref={band} hidden />
      <div class="marked-line" ref={marked} hidden>
        {markedMs !== null && <span>{clock(markedMs)}</span>}
      </div>
      <div class="cursor-line" ref={cursor} hidden />
    </div>
  );
}
