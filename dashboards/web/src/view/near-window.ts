// Is this part of the page near the window, so that somebody may see it soon?
//
// A thousand people are a thousand rows, of which a window shows thirty.  One observer watches all parts; a window's height
// above and below counts as near, so that whoever scrolls finds things drawn.

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const told = new WeakMap<Element, (isNear: boolean) => void>();
let observer: IntersectionObserver | null = null;

function watching(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) told.get(target)?.(isIntersecting);
    },
    { rootMargin: "100% 0px" },
  );
  return observer;
}

/** Return whether `place` is near the window; `guess` stands until the browser has told. */
export function useNearWindow(place: RefObject<Element | null>, guess: boolean): boolean {
  const [isNear, setNear] = useState(guess);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    told.set(element, setNear);
    watching().observe(element);
    return () => {
      told.delete(element);
      watching().unobserve(element);
    };
  }, [place]);
  return isNear;
}
