// One participant on the axis: who it is, how they stood, and what is read of the moment that is pointed at.

import type { ComponentChildren } from "preact";
import { memo } from "../memo.ts";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { marksOf, type Strip, strips } from "../../call/marks.ts";
import { readingAt } from "../../call/reading.ts";
import type { Entry, Lane, Lanes } from "../../call/shapes.ts";
import { isByScore, runsOf, type Run } from "../../call/stands.ts";
import { nameOf } from "../../call/words.ts";
import { useMoment } from "./cursor.tsx";
import { paintLane } from "./paint.ts";
import { Plot, type Draw } from "./plot.tsx";

export interface LaneProps {
  lane: Lane;
  lanes: Lanes;
  /** In a word, how they fared in the whole call. */
  how: string;
  entries: readonly Entry[];
  markedMs: number | null;
  isMarked: boolean;
  isOpen: boolean;
  onToggle: (key: string) => void;
  children?: ComponentChildren;
}

const runsKnown = new WeakMap<Lane, Run[]>();

/** Return how somebody stood; worked out once for each answer. */
export function knownRuns(lane: Lane, lanes: Lanes): Run[] {
  let runs = runsKnown.get(lane);
  if (runs === undefined) runsKnown.set(lane, (runs = runsOf(lane, lanes)));
  return runs;
}

export function laneAnchor(key: string): string {
  return `lane-${key.replace(/[^\w-]/g, "-")}`;
}

function clientOf({ client }: Lane): string {
  return [client.browser, client.network].filter(Boolean).join(", ");
}

function isOn(all: readonly Strip[], atMs: number): boolean {
  return all.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

interface ReadingProps {
  lane: Lane;
  how: string;
  lanes: Lanes;
  runs: readonly Run[];
  spoke: readonly Strip[];
  off: readonly Strip[];
  markedMs: number | null;
}

function Reading({ lane, how, lanes, runs, spoke, off, markedMs }: ReadingProps) {
  const place = useRef<HTMLParagraphElement>(null);
  const atMs = useMoment(markedMs, place);
  return (
    <p class={atMs === null ? "reading soft" : "reading"} ref={place}>
      {atMs === null ? how : <Read lane={lane} lanes={lanes} runs={runs} spoke={spoke} off={off} atMs={atMs} />}
    </p>
  );
}

function Read({ lane, lanes, runs, spoke, off, atMs }: Omit<ReadingProps, "markedMs" | "how"> & { atMs: number }) {
  const { level, word, tone, measured } = readingAt(lane, runs, lanes, atMs);
  return (
    <>
      <span class={`level tone-${tone}`}>
        <span class={`bars bars-${level ?? "none"}`} />
        <span class="level-word">
          {level !== null && <b>{level}</b>} {word}
        </span>
      </span>
      <span class="measured">
        {measured.map(({ words, isBad }) => (
          <span key={words} class={isBad ? "strained" : undefined}>
            {words}
          </span>
        ))}
        {isOn(spoke, atMs) && <i>speaks</i>}
        {isOn(off, atMs) && <i>picture off</i>}
      </span>
    </>
  );
}

function LaneItem({ lane, lanes, how, entries, markedMs, isMarked, isOpen, onToggle, children }: LaneProps) {
  const runs = knownRuns(lane, lanes);
  const endMs = lanes.from_ms + lanes.steps * lanes.step_ms;
  const [marks, spoke, off] = useMemo(
    () => [marksOf(entries, lane.key), strips(entries, lane.key, "speaker", endMs), strips(entries, lane.key, "switched_off", endMs)] as const,
    [entries, lane.key, endMs],
  );
  const byScore = isByScore(lane);
  const draw = useCallback<Draw>((sheet) => paintLane(sheet, runs, marks, spoke, off, byScore), [runs, marks, spoke, off, byScore]);
  const client = clientOf(lane);
  return (
    <li class={isMarked ? "lane is-marked" : "lane"} id={laneAnchor(lane.key)} data-lane={lane.key}>
      <div class="axis-row">
        <div class="who">
          <button type="button" class="opener" aria-expanded={isOpen} onClick={() => onToggle(lane.key)}>
            {nameOf(lane)}
          </button>
          {(client !== "" || byScore) && (
            <span class="soft client-words" title={client}>
              {byScore ? "by score" : client}
            </span>
          )}
          <span class="aloud">{how}</span>
        </div>
        <Plot class="lane-plot" draw={draw} />
        <Reading lane={lane} how={how} lanes={lanes} runs={runs} spoke={spoke} off={off} markedMs={markedMs} />
      </div>
      {isOpen && children}
    </li>
  );
}

export const LaneRow = memo(LaneItem);
