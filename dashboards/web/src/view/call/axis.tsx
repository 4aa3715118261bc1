// Everybody who was in the call, and what happened, on one axis of time.

import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { lengthMs, momentAt } from "../../call/axis.ts";
import type { Pointed } from "../../call/address.ts";
import { laneMeant } from "../../call/address.ts";
import { rowMarks } from "../../call/marks.ts";
import { hadTrouble, type Order, ordered } from "../../call/order.ts";
import { groupOf } from "../../call/story.ts";
import type { Entry, Lane, Lanes } from "../../call/shapes.ts";
import { balance, isLow, standAt, wordOf } from "../../call/stands.ts";
import { fared, nameOf, nothingMeasured } from "../../call/words.ts";
import { isWhole, panned, zoomed } from "../../call/zoom.ts";
import { plural } from "../../picture/quantity.ts";
import { useCloser } from "./closer.ts";
import { Lines } from "./cursor.tsx";
import { listen } from "./gestures.ts";
import { knownRuns, LaneRow } from "./lane.tsx";
import { Legend } from "./legend.tsx";
import { Multiples } from "./multiples.tsx";
import { Rows } from "./rows.tsx";
import { Scale } from "./scale.tsx";
import { SightContext, useSight } from "./sight.ts";

interface AxisProps {
  /** Where finer lanes may be asked for; empty while the call goes on. */
  url: string;
  lanes: Lanes;
  entries: readonly Entry[];
  isWaiting: boolean;
  pointed: Pointed;
  open: ReadonlySet<string>;
  onToggle: (key: string) => void;
  onPoint: (pointed: Partial<Pointed>) => void;
}

const SOME = 8; // of so many people all are looked at anyway
const NAMED = 5;

function Buttons() {
  const sight = useSight();
  const { part, whole } = sight;
  const all = isWhole(part, whole);
  const zoom = (factor: number) => sight.show(zoomed(part, factor, sight.cursorMs ?? momentAt(0.5, part), whole));
  return (
    <div class="buttons" role="group" aria-label="Which part of the call is shown">
      <button type="button" aria-label="Earlier" disabled={part.fromMs <= whole.fromMs} onClick={() => sight.show(panned(part, -0.5, whole))}>
        ←
      </button>
      <button type="button" aria-label="Later" disabled={part.toMs >= whole.toMs} onClick={() => sight.show(panned(part, 0.5, whole))}>
        →
      </button>
      <button type="button" aria-label="Look closer" onClick={() => zoom(0.5)}>
        +
      </button>
      <button type="button" aria-label="Look from further away" disabled={all} onClick={() => zoom(2)}>
        −
      </button>
      <button type="button" disabled={all} onClick={() => sight.show(whole)}>
        Whole call
      </button>
    </div>
  );
}

/** Say how everybody stood at a moment: by name who stood badly, the others by number. */
function everybodyAt(lanes: Lanes, atMs: number): string {
  const stood = lanes.lanes.map((lane) => ({ lane, stand: standAt(knownRuns(lane, lanes), atMs) }));
  const bad = stood.filter(({ stand }) => isLow(stand));
  const named = bad.slice(0, NAMED).map(({ lane, stand }) => `${nameOf(lane)} ${wordOf(stand)}`);
  const there = stood.filter(({ stand }) => stand !== 0).length;
  if (there === 0) return "Nobody is there.";
  if (bad.length === 0) return `${plural(there, "person", "people")} there, nobody low.`;
  return `${named.join(", ")}${bad.length > NAMED ? ` and ${bad.length - NAMED} more low` : ""}; ${plural(there, "person", "people")} there.`;
}

interface CompareProps extends AxisProps {
  one: Lane;
  other: Lane;
  howOf: (lane: Lane) => string;
}

function Compared({ one, other, howOf, lanes, entries, isWaiting, pointed, onPoint, onToggle }: CompareProps) {
  const people = useMemo(() => [one, other], [one, other]);
  return (
    <div class="compared" role="group" aria-label={`${nameOf(one)} beside ${nameOf(other)}`}>
      <p class="compared-head">
        <b class="solid">{nameOf(one)}</b> beside <b class="dashed">{nameOf(other)}</b>
        <button type="button" onClick={() => onPoint({ and: "" })}>
          End the comparison
        </button>
      </p>
      <ul>
        {people.map((lane) => (
          <LaneRow key={lane.key} lane={lane} lanes={lanes} how={howOf(lane)} entries={entries} markedMs={pointed.atMs} isMarked={false} isOpen={false} onToggle={onToggle} />
        ))}
      </ul>
      <Multiples people={people} lanes={lanes} markedMs={pointed.atMs} isWaiting={isWaiting} />
    </div>
  );
}

interface OpenedProps {
  lane: Lane;
  lanes: Lanes;
  markedMs: number | null;
  isWaiting: boolean;
  onPoint: AxisProps["onPoint"];
}

function Opened({ lane, lanes, markedMs, isWaiting, onPoint }: OpenedProps) {
  const people = useMemo(() => [lane], [lane]);
  const others = lanes.lanes.filter(({ key }) => key !== lane.key);
  return (
    <div class="opened">
      {others.length > 0 && (
        <label class="beside">
          Compare {nameOf(lane)} with{" "}
          <select value="" onChange={(event) => onPoint({ participant: lane.key, and: event.currentTarget.value })}>
            <option value="">nobody</option>
            {others.map((other) => (
              <option key={other.key} value={other.key}>
                {nameOf(other)}
              </option>
            ))}
          </select>
        </label>
      )}
      <Multiples people={people} lanes={lanes} markedMs={markedMs} isWaiting={isWaiting} />
    </div>
  );
}

/** Have pointer, wheel and keys do what they do; returns what to hang on the page. */
function useGestures(lanes: Lanes, entries: readonly Entry[], onPoint: AxisProps["onPoint"]) {
  const sight = useContext(SightContext);
  const [area, plots] = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)];
  const now = useRef({ lanes, entries, onPoint });
  now.current = { lanes, entries, onPoint };
  useEffect(() => {
    if (area.current === null || plots.current === null) return;
    return listen(area.current, plots.current, sight, {
      onChoose: (atMs, key) => now.current.onPoint(key === "" ? { atMs } : { atMs, participant: key }),
      moments: () => now.current.entries.filter((entry) => !["callback", "speaker"].includes(entry.kind)).map(({ at_ms }) => at_ms),
      stepMs: () => Math.max(now.current.lanes.step_ms, lengthMs(sight.part) / 200),
    });
  }, [sight]);
  return { area, plots };
}

/** Return a lane as it is in finer steps, together with these; null where they do not have it. */
function inFinerSteps(closer: Lanes | null, { key }: Lane): { lane: Lane; lanes: Lanes } | null {
  const lane = closer === null ? null : laneMeant(closer.lanes, key);
  return closer === null || lane === null ? null : { lane, lanes: closer };
}

/** The same of two lanes: they are compared on one grid or not at all. */
function besides(closer: Lanes | null, one: Lane, other: Lane): { lanes: Lanes; one: Lane; other: Lane } | null {
  const [finer, another] = [inFinerSteps(closer, one), inFinerSteps(closer, other)];
  return finer === null || another === null ? null : { lanes: finer.lanes, one: finer.lane, other: another.lane };
}

export function Axis(props: AxisProps) {
  const { url, lanes, entries, isWaiting, pointed, open, onToggle, onPoint } = props;
  const closer = useCloser(url, lanes);
  const drawnOf = (lane: Lane) => inFinerSteps(closer, lane) ?? { lane, lanes };
  const [order, setOrder] = useState<Order>("came");
  const [isTroubleOnly, setTroubleOnly] = useState(false);
  const { area, plots } = useGestures(lanes, entries, onPoint);
  const [one, other] = [laneMeant(lanes.lanes, pointed.participant), laneMeant(lanes.lanes, pointed.and)];
  const isComparing = one !== null && other !== null && one !== other;
  const marks = useMemo(() => rowMarks(entries.filter((entry) => groupOf(entry) !== "speaker"), entries.map(({ kind }) => kind)), [entries]);
  const balanceOf = (lane: Lane) => balance(knownRuns(lane, lanes));
  const howOf = ({ key }: Lane) => {
    const lane = laneMeant(lanes.lanes, key);
    return lane === null ? "" : fared(balanceOf(lane));
  };
  const shown = ordered(lanes.lanes, order, balanceOf).filter(
    (lane) => !(isComparing && (lane === one || lane === other)) && (!isTroubleOnly || hadTrouble(balanceOf(lane)) || lane === one),
  );
  const nothing = nothingMeasured(lanes.lanes);
  return (
    <section class="call-axis" aria-labelledby="axis-heading">
      <div class="section-head">
        <h2 id="axis-heading">How everybody fared</h2>
        {lanes.lanes.length > 1 && (
          <label>
            <span class="soft">in order of</span>{" "}
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              <option value="came">arrival</option>
              <option value="worst">trouble, worst first</option>
            </select>
          </label>
        )}
        {lanes.lanes.length > SOME && (
          <label>
            <input type="checkbox" checked={isTroubleOnly} onChange={(event) => setTroubleOnly(event.currentTarget.checked)} /> only those in
            trouble
          </label>
        )}
        <Buttons />
      </div>
      {nothing !== "" && <p class="note">{nothing}</p>}
      <div class="axis" ref={area}>
        <Scale markedMs={pointed.atMs} marks={marks} inWords={(atMs) => everybodyAt(lanes, atMs)} />
        {isComparing && <Compared {...props} {...(besides(closer, one, other) ?? { lanes, one, other })} howOf={howOf} />}
        <ul class="lanes" aria-label="Participants">
          {shown.map((lane) => (
            <LaneRow
              key={lane.key}
              {...drawnOf(lane)}
              how={howOf(lane)}
              entries={entries}
              markedMs={pointed.atMs}
              isMarked={lane === one}
              isOpen={open.has(lane.key)}
              onToggle={onToggle}
            >
              {open.has(lane.key) && <Opened {...drawnOf(lane)} markedMs={pointed.atMs} isWaiting={isWaiting} onPoint={onPoint} />}
            </LaneRow>
          ))}
        </ul>
        {isTroubleOnly && shown.length === 0 && <p class="note soft">Nobody was at level {2} or below, or lost the connection.</p>}
        <Rows entries={entries} markedMs={pointed.atMs} />
        <Lines markedMs={pointed.atMs} plots={plots} />
      </div>
      <Legend />
    </section>
  );
}
