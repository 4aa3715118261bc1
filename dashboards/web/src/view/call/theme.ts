// Which colours does a canvas draw with?  Those of the style sheet, read when they change and not for every line.

import type { Tone } from "../../picture/level.ts";

export interface Theme {
  ink: string;
  inkSoft: string;
  line: string;
  lineStrong: string;
  link: string;
  paper: string;
  barOff: string;
  bad: string;
  badWash: string;
  poorWash: string;
  tones: Readonly<Record<Tone, string>>;
  unknown: CanvasPattern | string;
  cut: CanvasPattern | string;
}

const SCHEMES = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];
let known: Theme | null = null;
const listeners = new Set<() => void>();

function forget(): void {
  known = null;
  for (const listener of listeners) listener();
}

for (const scheme of SCHEMES) matchMedia(scheme).addEventListener("change", forget);

/** Have `listener` told when the colours are others. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const HATCH_PX = 6;

/** Return a pattern of slanted lines: what is drawn with it differs from what is filled, whatever the colours. */
function hatch(colour: string, width: number, isRising: boolean): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = HATCH_PX;
  const pen = tile.getContext("2d");
  if (pen === null) return colour;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  for (const at of [-HATCH_PX, 0, HATCH_PX]) {
    pen.moveTo(at, isRising ? HATCH_PX : 0);
    pen.lineTo(at + HATCH_PX, isRising ? 0 : HATCH_PX);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat") ?? colour;
}

function read(): Theme {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const bad = of("bad");
  return {
    ink: of("ink"),
    inkSoft: of("ink-soft"),
    line: of("line"),
    lineStrong: of("line-strong"),
    link: of("link"),
    paper: of("paper"),
    barOff: of("bar-off"),
    bad,
    badWash: of("bad-wash"),
    poorWash: of("poor-wash"),
    tones: { bad, poor: of("poor"), fair: of("fair"), good: of("good"), none: of("ink-soft") },
    unknown: hatch(of("line-strong"), 0.9, true),
    cut: hatch(bad, 1.6, false),
  };
}

export function theme(): Theme {
  known ??= read();
  return known;
}
