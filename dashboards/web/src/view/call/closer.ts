// Lanes in finer steps, while the reader looks closely at a part of a long call that is over.

import { useContext, useEffect, useState } from "preact/hooks";
import type { Part } from "../../call/axis.ts";
import { closerPart, isCovered } from "../../call/closer.ts";
import type { Lanes } from "../../call/shapes.ts";
import { ask } from "../../frame/asking.ts";
import { SightContext } from "./sight.ts";

const POINTS = 1500;
const SETTLED_MS = 300; // nobody is asked while the reader still moves

/** Return finer lanes of what is shown, or null where the whole call's are all there is, or have to do for now. */
export function useCloser(url: string, lanes: Lanes): Lanes | null {
  const part = useCoarsePart(lanes);
  const [closer, setCloser] = useState<Lanes | null>(null);
  const { whole } = useContext(SightContext);
  const isThere = part !== null && closer !== null && isCovered(part, closer);
  useEffect(() => {
    const wanted = part === null || isThere || url === "" ? null : closerPart(part, whole, lanes);
    if (wanted === null) return;
    const ended = new AbortController();
    const question = `${url}/lanes?points=${POINTS}&from=${Math.floor(wanted.fromMs)}&to=${Math.ceil(wanted.toMs)}`;
    const timer = setTimeout(() => {
      // Whoever gets no answer keeps the coarse picture, which is true as well.
      ask<Lanes>(question, ended.signal).then(setCloser, () => undefined);
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [url, lanes, part, isThere]);
  return isThere ? closer : null;
}

/** Return the part that is shown, if the lanes are too coarse for it. */
function useCoarsePart(lanes: Lanes): Part | null {
  const sight = useContext(SightContext);
  const [part, setPart] = useState<Part | null>(null);
  useEffect(() => {
    const look = () => setPart(closerPart(sight.part, sight.whole, lanes) === null ? null : sight.part);
    look();
    return sight.read(look);
  }, [sight, lanes]);
  return part;
}
