// The scale of time above the lanes; whoever has the focus on it moves the moment with the arrow keys.

import { useContext } from "preact/hooks";
import { clock, lengthMs, momentAt, position, ticks } from "../../call/axis.ts";
import { marksNear, type Mark } from "../../call/marks.ts";
import { day, zone } from "../../call/words.ts";
import { useMoment } from "./cursor.tsx";
import { SightContext, usePart } from "./sight.ts";

const TICK_PX = 90; // a time of day with its seconds, and room around it
const PLOT = 0.6; // of the window, where it is not narrow
const NARROW_PX = 768;
const NEAR = 1 / 100; // of what is shown
const SAID_AT_ONCE = 4;

interface ScaleProps {
  markedMs: number | null;
  /** Everything that happened, in the order of time. */
  marks: readonly Mark[];
  /** Say in words how everybody stood at a moment, for those who listen. */
  inWords: (atMs: number) => string;
}

export function Scale({ markedMs, marks, inWords }: ScaleProps) {
  const { whole } = useContext(SightContext);
  const part = usePart();
  const atMs = useMoment(markedMs) ?? momentAt(0.5, part);
  return (
    <div class="axis-row scale-row">
      <div class="who">
        <b>{day(part.fromMs)}</b> <span class="soft">{zone(part.fromMs)}</span>
      </div>
      <div
        class="scale"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the call"
        aria-valuemin={Math.round(whole.fromMs)}
        aria-valuemax={Math.round(whole.toMs)}
        aria-valuenow={Math.round(atMs)}
        aria-valuetext={`${clock(atMs)}. ${inWords(atMs)}`}
      >
        {ticks(part, mostTicks()).map(({ atMs: at, label }) => (
          <span key={at} class="tick" style={{ left: `${100 * position(at, part)}%` }}>
            {label}
          </span>
        ))}
      </div>
      <Moment markedMs={markedMs} marks={marks} reachMs={lengthMs(part) * NEAR} />
    </div>
  );
}

function mostTicks(): number {
  return Math.floor((innerWidth * (innerWidth <= NARROW_PX ? 1 : PLOT)) / TICK_PX);
}

/** The moment that is read, and what happened around it. */
function Moment({ markedMs, marks, reachMs }: { markedMs: number | null; marks: readonly Mark[]; reachMs: number }) {
  const atMs = useMoment(markedMs);
  if (atMs === null) return <p class="moment soft">Point at a moment to read it.</p>;
  const near = marksNear(marks, atMs, reachMs);
  const words = near.slice(0, SAID_AT_ONCE).map((mark) => mark.words);
  const more = near.length - words.length;
  return (
    <p class="moment">
      <b>{clock(atMs)}</b> {words.join(" ")}
      {more > 0 && ` And ${more} more.`}
    </p>
  );
}
