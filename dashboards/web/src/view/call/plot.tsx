// A strip of canvas that shows the part of the call that is looked at, and draws itself when that changes.
//
// Only what is on the screen is drawn, at most once a frame.  The canvas says nothing to those who do not see it: what it
// shows is written beside it.

import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Part } from "../../call/axis.ts";
import { SightContext } from "./sight.ts";
import { onTheme, type Theme, theme } from "./theme.ts";

export interface Sheet {
  pen: CanvasRenderingContext2D;
  width: number;
  height: number;
  part: Part;
  theme: Theme;
}

export type Draw = (sheet: Sheet) => void;

interface PlotProps {
  draw: Draw;
  class: string;
}

const NEAR_PX = 300; // drawn before it scrolls into sight

function fit(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d");
  pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen?.clearRect(0, 0, width, height);
  return pen;
}

export function Plot({ draw, class: name }: PlotProps) {
  const sight = useContext(SightContext);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useRef({ width: 0, height: 0, isSeen: false });
  const how = useRef(draw);
  how.current = draw;

  const paint = () => {
    const { width, height, isSeen } = size.current;
    if (canvas.current === null || !isSeen || width < 1) return;
    const pen = fit(canvas.current, width, height);
    if (pen !== null) how.current({ pen, width: Math.round(width), height, part: sight.part, theme: theme() });
  };

  useEffect(() => {
    const it = canvas.current;
    if (it === null) return;
    const resized = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      size.current = { ...size.current, width, height };
      paint();
    });
    const seen = new IntersectionObserver(
      ([entry]) => {
        size.current.isSeen = entry?.isIntersecting ?? false;
        paint();
      },
      { rootMargin: `${NEAR_PX}px 0px` },
    );
    resized.observe(it);
    seen.observe(it);
    const [unfollow, untheme] = [sight.follow(paint), onTheme(paint)];
    return () => {
      resized.disconnect();
      seen.disconnect();
      unfollow();
      untheme();
    };
  }, [sight]);
  useLayoutEffect(paint, [draw]);
  return <canvas ref={canvas} class={name} aria-hidden="true" />;
}
