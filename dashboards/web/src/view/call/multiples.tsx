// What was measured of one participant, or of two: one small plot for each value, on the axis of the lanes.
//
// What goes up and what comes down stand apart.  Two are drawn on the same scale, the first with a line, the other with
// dashes.

import { useCallback, useContext, useRef } from "preact/hooks";
import { memo } from "../memo.ts";
import { boundInWords, METRICS, type Metric, isBad, title } from "../../call/metrics.ts";
import { type Extent, extent, scaleEnd, valueAt, valuesOf, worstByPixel } from "../../call/series.ts";
import type { Lane, Lanes } from "../../call/shapes.ts";
import { nameOf } from "../../call/words.ts";
import { useMoment } from "./cursor.tsx";
import { paintCurves } from "./paint.ts";
import { Plot, type Draw } from "./plot.tsx";
import { SightContext } from "./sight.ts";

interface MultiplesProps {
  /** One, or two to be compared. */
  people: readonly Lane[];
  lanes: Lanes;
  markedMs: number | null;
  /** Whether the measured columns are still on their way. */
  isWaiting: boolean;
}

interface MultipleProps {
  metric: Metric;
  people: readonly Lane[];
  lanes: Lanes;
  markedMs: number | null;
}

function isTold(people: readonly Lane[], metric: Metric): boolean {
  return people.some((lane) => valuesOf(lane, metric).some((value) => value !== null));
}

function Figure({ metric, value }: { metric: Metric; value: number | null }) {
  if (value === null) return <span class="figure soft">unknown</span>;
  return <span class={isBad(metric, value) ? "figure strained" : "figure"}>{metric.write(value)}</span>;
}

/** What a value usually was in the part that is shown, and at worst; of two people there is room for the worst only. */
function Usual({ metric, median, worst, isAlone }: Extent & { metric: Metric; isAlone: boolean }) {
  if (median === null || worst === null) return <Figure metric={metric} value={null} />;
  return (
    <span class="figure">
      {isAlone && <span class="soft">usually {metric.write(median)}, </span>}
      <span class="soft">at worst</span> <span class={isBad(metric, worst) ? "strained" : undefined}>{metric.write(worst)}</span>
    </span>
  );
}

function Figures({ metric, people, lanes, markedMs }: MultipleProps) {
  const sight = useContext(SightContext);
  const place = useRef<HTMLParagraphElement>(null);
  const atMs = useMoment(markedMs, place);
  return (
    <p class="reading figures" ref={place}>
      {people.map((lane) => {
        const values = valuesOf(lane, metric);
        if (atMs !== null) return <Figure key={lane.key} metric={metric} value={valueAt(values, atMs, lanes)} />;
        return <Usual key={lane.key} metric={metric} isAlone={people.length === 1} {...extent(values, lanes, sight.part, metric.isLowBad)} />;
      })}
    </p>
  );
}

function Multiple({ metric, people, lanes, markedMs }: MultipleProps) {
  const draw = useCallback<Draw>(
    (sheet) => {
      const all = people.map((lane) => valuesOf(lane, metric));
      const curves = all.map((values, i) => ({
        values: worstByPixel(values, lanes, sheet.part, sheet.width, metric.isLowBad),
        isDashed: i === 1,
      }));
      paintCurves(sheet, metric, curves, scaleEnd(all, metric));
    },
    [metric, people, lanes],
  );
  return (
    <div class="axis-row multiple">
      <div class="who">
        {title(metric)} <span class="soft">{boundInWords(metric)}</span>
      </div>
      <Plot class="multiple-plot" draw={draw} />
      <Figures metric={metric} people={people} lanes={lanes} markedMs={markedMs} />
    </div>
  );
}

function MultiplesOf({ people, lanes, markedMs, isWaiting }: MultiplesProps) {
  const told = METRICS.filter((metric) => isTold(people, metric));
  const untold = METRICS.filter((metric) => !told.includes(metric));
  const whose = people.map(nameOf).join(" and ");
  if (isWaiting) return <p class="note soft">Asking for what {whose} measured.</p>;
  if (told.length === 0) return <p class="note soft">Nothing was measured of {whose}: no samples came from that browser.</p>;
  return (
    <div class="multiples" role="group" aria-label={`What was measured of ${whose}`}>
      {told.map((metric) => (
        <Multiple key={metric.column} metric={metric} people={people} lanes={lanes} markedMs={markedMs} />
      ))}
      {untold.length > 0 && <p class="note soft">Not told by that browser, so unknown: {untold.map((metric) => title(metric).toLowerCase()).join(", ")}.</p>}
    </div>
  );
}

export const Multiples = memo(MultiplesOf);
