// What the forms and colours mean, and which keys there are.

import type { ComponentChildren } from "preact";
import { useCallback } from "preact/hooks";
import { IDLE, RECONNECTING, standOfLevel, UNKNOWN } from "../../call/stands.ts";
import type { Form } from "../../call/marks.ts";
import { paintLane, paintMarks } from "./paint.ts";
import { Plot, type Draw } from "./plot.tsx";

function Swatch({ stand }: { stand: number }) {
  const draw = useCallback<Draw>(
    (sheet) => paintLane(sheet, [{ fromMs: sheet.part.fromMs, toMs: sheet.part.toMs, stand }], [], [], [], false),
    [stand],
  );
  return <Plot class="swatch" draw={draw} />;
}

function Sign({ form, isBad }: { form: Form; isBad: boolean }) {
  const draw = useCallback<Draw>(
    ({ pen, theme, part, width, height }) => {
      const middle = (part.fromMs + part.toMs) / 2;
      paintMarks(pen, theme, [{ atMs: middle, untilMs: null, form, isBad, words: "" }], part, width, height / 2);
    },
    [form, isBad],
  );
  return <Plot class="sign" draw={draw} />;
}

const STANDS: readonly (readonly [number, string])[] = [
  [standOfLevel(5), "5 or 4: well"],
  [standOfLevel(3), "3: average"],
  [standOfLevel(2), "2: below average"],
  [standOfLevel(1), "1: bad"],
  [standOfLevel(0), "0: broken"],
  [RECONNECTING, "connection lost"],
  [IDLE, "idle: neither sends nor receives"],
  [UNKNOWN, "unknown: nobody told"],
];

const SIGNS: readonly (readonly [Form, boolean, string])[] = [
  ["in", false, "joined"],
  ["out", false, "left"],
  ["out", true, "left with an error"],
  ["cross", true, "could not join, or was disconnected with an error"],
  ["square", false, "a track"],
  ["diamond", false, "what a person said"],
  ["flag", true, "an alert"],
];

function Key({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <li>
      <kbd>{name}</kbd> {children}
    </li>
  );
}

export function Legend() {
  return (
    <details class="legend">
      <summary>What this shows, and how to move in it</summary>
      <div class="legend-lists">
        <ul aria-label="How people stood">
          {STANDS.map(([stand, words]) => (
            <li key={words}>
              <Swatch stand={stand} /> {words}
            </li>
          ))}
        </ul>
        <ul aria-label="What happened">
          {SIGNS.map(([form, isBad, words]) => (
            <li key={words}>
              <Sign form={form} isBad={isBad} /> {words}
            </li>
          ))}
          <li>A dark line below a lane: they spoke. A red one above it: others had their picture switched off.</li>
        </ul>
        <ul aria-label="Keys and gestures">
          <Key name="drag">looks closer at what is drawn; on the scale, or with Shift, it moves along</Key>
          <Key name="Ctrl + wheel">closer, further; two fingers do the same</Key>
          <Key name="+ − 0">closer, further, the whole call</Key>
          <Key name="← →">on the scale: the moment before, the one after; with Shift ten</Key>
          <Key name="n p">what happened next, what happened before</Key>
          <Key name="Enter">puts the moment into the address, to be sent to somebody; so does a click</Key>
        </ul>
      </div>
    </details>
  );
}
