// How are a lane, a row of marks and a measured value drawn?
//
// Level is height and colour; what is bad is solid, what is well is a thin line over a wash; nobody knows is hatched,
// idle is dotted, a lost connection is hatched the other way in a frame, and who is not there leaves a hairline.

import { isWithin, position, type Part } from "../../call/axis.ts";
import type { Form, Mark, Strip } from "../../call/marks.ts";
import type { Metric } from "../../call/metrics.ts";
import { isBad } from "../../call/metrics.ts";
import { AWAY, IDLE, RECONNECTING, UNKNOWN, isLow, levelOf, pixels, type Run, toneOf } from "../../call/stands.ts";
import type { Sheet } from "./plot.tsx";
import type { Theme } from "./theme.ts";

const MARKS_PX = 10; // above a lane
const STRIP_PX = 4; // below it
const WASH = 0.14;

interface Band {
  x: number;
  width: number;
  top: number;
  height: number;
}

/** Draw how somebody stood, what happened to them, when they spoke, and when their picture was off. */
export function paintLane(
  { pen, width, height, part, theme }: Sheet,
  runs: readonly Run[],
  marks: readonly Mark[],
  spoke: readonly Strip[],
  off: readonly Strip[],
  isByScore: boolean,
): void {
  const top = MARKS_PX;
  const tall = height - MARKS_PX - STRIP_PX - 1;
  const stands = pixels(runs, part, width);
  for (let x = 0; x < width; ) {
    let end = x + 1;
    while (end < width && stands[end] === stands[x]) end += 1;
    paintStand(pen, theme, stands[x] ?? AWAY, { x, width: end - x, top, height: tall }, isByScore);
    x = end;
  }
  paintStrips(pen, theme.ink, spoke, part, width, height - 2, 2);
  paintStrips(pen, theme.cut, off, part, width, top, 4);
  paintMarks(pen, theme, marks, part, width, MARKS_PX / 2 - 0.5);
}

function paintStand(pen: CanvasRenderingContext2D, theme: Theme, stand: number, band: Band, isByScore: boolean): void {
  const { x, width, top, height } = band;
  if (stand === AWAY) return fill(pen, theme.line, x, top + height - 1, width, 1);
  if (stand === UNKNOWN) return fill(pen, theme.unknown, x, top, width, height);
  if (stand === IDLE) return dots(pen, theme.lineStrong, x, width, top + height / 2);
  if (stand === RECONNECTING) {
    fill(pen, theme.cut, x, top, width, height);
    fill(pen, theme.bad, x, top, width, 1);
    return fill(pen, theme.bad, x, top + height - 1, width, 1);
  }
  paintLevel(pen, theme, stand, band, isByScore);
}

function paintLevel(pen: CanvasRenderingContext2D, theme: Theme, stand: number, band: Band, isByScore: boolean): void {
  const { x, width, top, height } = band;
  const level = levelOf(stand) ?? 0;
  const colour = theme.tones[toneOf(stand)];
  const tall = Math.max(3, Math.round((height * level) / 5));
  const from = top + height - tall;
  if (isLow(stand)) {
    fill(pen, level < 2 ? theme.badWash : theme.poorWash, x, top, width, height);
    fill(pen, colour, x, from, width, tall);
    if (level === 0) fill(pen, colour, x, top, width, 2);
    return;
  }
  pen.globalAlpha = isByScore ? WASH / 3 : WASH;
  fill(pen, colour, x, top, width, height); // the whole height, so that a level that wavers is no flicker
  pen.globalAlpha = 1;
  fill(pen, colour, x, from, width, 2);
}

function fill(pen: CanvasRenderingContext2D, style: string | CanvasPattern, x: number, y: number, w: number, h: number): void {
  pen.fillStyle = style;
  pen.fillRect(x, y, w, h);
}

function dots(pen: CanvasRenderingContext2D, colour: string, x: number, width: number, y: number): void {
  pen.fillStyle = colour;
  for (let at = Math.ceil(x / 5) * 5; at < x + width; at += 5) pen.fillRect(at, y, 2, 2);
}

function paintStrips(
  pen: CanvasRenderingContext2D,
  style: string | CanvasPattern,
  strips: readonly Strip[],
  part: Part,
  width: number,
  y: number,
  height: number,
): void {
  pen.fillStyle = style;
  for (const { fromMs, toMs } of strips) {
    if (toMs < part.fromMs || fromMs > part.toMs) continue;
    const x = Math.max(0, position(fromMs, part) * width);
    pen.fillRect(x, y, Math.max(1.5, Math.min(width, position(toMs, part) * width) - x), height);
  }
}

/** Draw marks, and how long those last that do. */
export function paintMarks(
  pen: CanvasRenderingContext2D,
  theme: Theme,
  marks: readonly Mark[],
  part: Part,
  width: number,
  middle: number,
): void {
  let lastX = Number.NEGATIVE_INFINITY;
  for (const { atMs, untilMs, form, isBad: bad } of marks) {
    const colour = bad ? theme.bad : theme.inkSoft;
    const x = Math.round(position(atMs, part) * width);
    if (untilMs !== null && untilMs > part.fromMs && atMs < part.toMs) {
      const from = Math.max(0, x);
      fill(pen, colour, from, middle - 1, Math.max(1, Math.min(width, position(untilMs, part) * width) - from), 2);
    }
    if (!isWithin(atMs, part) || (form === "tick" && !bad && x - lastX < 1)) continue;
    lastX = x;
    pen.fillStyle = pen.strokeStyle = colour;
    SHAPES[form](pen, Math.min(width - 4, Math.max(4, x)), middle);
  }
}

type Shape = (pen: CanvasRenderingContext2D, x: number, y: number) => void;

function polygon(...points: readonly (readonly [number, number])[]): Shape {
  return (pen, x, y) => {
    pen.beginPath();
    for (const [dx, dy] of points) pen.lineTo(x + dx, y + dy);
    pen.closePath();
    pen.fill();
  };
}

const SHAPES: Readonly<Record<Form, Shape>> = {
  in: polygon([-3, -4], [4, 0], [-3, 4]),
  out: polygon([3, -4], [-4, 0], [3, 4]),
  diamond: polygon([0, -4], [4, 0], [0, 4], [-4, 0]),
  flag: polygon([0, -4], [4.5, 4], [-4.5, 4]),
  tick: (pen, x, y) => pen.fillRect(x - 0.5, y - 4, 1, 8),
  square: (pen, x, y) => {
    pen.lineWidth = 1.25;
    pen.strokeRect(x - 2.5, y - 2.5, 5, 5);
  },
  cross: (pen, x, y) => {
    pen.lineWidth = 2;
    pen.beginPath();
    for (const way of [-1, 1]) {
      pen.moveTo(x - 3, y - 3 * way);
      pen.lineTo(x + 3, y + 3 * way);
    }
    pen.stroke();
  },
};

export interface Curve {
  /** The worst value in each pixel; NaN is a gap. */
  values: Float64Array;
  isDashed: boolean;
}

/** Draw measured values of one metric over each other, on a scale that ends at `to`. */
export function paintCurves(sheet: Sheet, metric: Metric, curves: readonly Curve[], to: number): void {
  const { pen, width, height, theme } = sheet;
  const y = (value: number) => 2 + (height - 4) * (1 - (Math.min(to, Math.max(metric.from, value)) - metric.from) / (to - metric.from));
  fill(pen, theme.line, 0, height - 1, width, 1);
  if (metric.bound !== null && metric.form === "line") bound(pen, theme, width, y(metric.bound));
  for (const curve of curves) {
    if (metric.form === "bars") paintBars(sheet, metric, curve, y);
    else paintLine(sheet, metric, curve, y);
  }
}

function bound(pen: CanvasRenderingContext2D, theme: Theme, width: number, y: number): void {
  pen.fillStyle = theme.lineStrong;
  for (let x = 0; x < width; x += 6) pen.fillRect(x, Math.round(y), 3, 1);
}

function paintLine({ pen, theme }: Sheet, metric: Metric, { values, isDashed }: Curve, y: (value: number) => number): void {
  const colour = isDashed ? theme.link : theme.ink;
  const draw = (wanted: (value: number) => boolean, style: string, width: number) => {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.setLineDash(isDashed ? [5, 3] : []);
    pen.beginPath();
    let before = Number.NaN;
    values.forEach((value, x) => {
      const isDrawn = !Number.isNaN(value) && wanted(value);
      if (isDrawn && Number.isNaN(before)) pen.moveTo(x, y(value));
      if (isDrawn) {
        pen.lineTo(x, y(value));
        pen.lineTo(x + 1, y(value));
      }
      before = isDrawn ? value : Number.NaN;
    });
    pen.stroke();
    pen.setLineDash([]);
  };
  draw(() => true, colour, 1.25);
  draw((value) => isBad(metric, value), theme.bad, 2.5);
}

function paintBars({ pen, theme, height }: Sheet, metric: Metric, { values, isDashed }: Curve, y: (value: number) => number): void {
  values.forEach((value, x) => {
    if (Number.isNaN(value)) return;
    pen.fillStyle = isDashed ? theme.link : isBad(metric, value) ? theme.bad : theme.lineStrong;
    const top = value === 0 ? height - 1.5 : y(value);
    if (!isDashed || x % 3 !== 0) pen.fillRect(x, top, 1, height - top);
  });
}
