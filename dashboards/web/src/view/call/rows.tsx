// The rows below the people: alerts, callbacks, recordings, compositions, and what concerns the room as a whole.

import { useCallback, useMemo } from "preact/hooks";
import { type Mark, marksNear, ROWS, rowMarks } from "../../call/marks.ts";
import type { Entry } from "../../call/shapes.ts";
import { plural } from "../../picture/quantity.ts";
import { useMoment } from "./cursor.tsx";
import { paintMarks } from "./paint.ts";
import { Plot, type Draw } from "./plot.tsx";

function Row({ name, marks, markedMs }: { name: string; marks: readonly Mark[]; markedMs: number | null }) {
  const draw = useCallback<Draw>(
    ({ pen, theme, part, width, height }) => {
      pen.fillStyle = theme.line;
      pen.fillRect(0, height - 1, width, 1);
      paintMarks(pen, theme, marks, part, width, height / 2);
    },
    [marks],
  );
  const atMs = useMoment(markedMs);
  const lasting = atMs === null ? [] : marksNear(marks, atMs, 0).filter(({ untilMs }) => untilMs !== null);
  const bad = marks.filter(({ isBad }) => isBad).length;
  return (
    <li class="axis-row row">
      <div class="who soft">{name}</div>
      <Plot class="row-plot" draw={draw} />
      <p class="reading soft">
        {lasting[0]?.words ?? `${plural(marks.length, "entry", "entries")}${bad > 0 && bad < marks.length ? `, ${bad} of trouble` : ""}`}
      </p>
    </li>
  );
}

export function Rows({ entries, markedMs }: { entries: readonly Entry[]; markedMs: number | null }) {
  const rows = useMemo(() => ROWS.map((row) => ({ ...row, marks: rowMarks(entries, row.kinds) })), [entries]);
  const none = rows.filter(({ marks, none: words }) => marks.length === 0 && words !== "").map(({ none: words }) => words);
  return (
    <>
      <ul class="rows" aria-label="What concerns the call as a whole">
        {rows.map(({ name, marks }) => marks.length > 0 && <Row key={name} name={name} marks={marks} markedMs={markedMs} />)}
      </ul>
      {none.length > 0 && <p class="note soft">On record of this call: {none.join(", ")}.</p>}
    </>
  );
}
