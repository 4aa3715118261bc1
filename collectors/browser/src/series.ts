// When many events of a post are alike, how are they said at once?
//
// As a series: one event whose fields are columns, with as many entries as `at` has, and null where one of the rows does
// not know.  Names are most of an event, and a series says them once.  Pure: what is sent again is the same.

import { WORTH_A_SERIES } from "./limits.ts";

const KINDS = ["media_stats", "network_quality"];

type Row = Readonly<Record<string, unknown>>;

/** Return the events with a series where the first of many that are alike stood; the others keep their places. */
export function inSeries(events: readonly Row[]): readonly Row[] {
  return KINDS.reduce<readonly Row[]>((told, type) => {
    const rows = told.filter((event) => event.type === type);
    if (rows.length < WORTH_A_SERIES) return told;
    const series = { ...columns(rows), type: type + "_series" };
    return told.flatMap<Row>((event) => (event.type !== type ? event : event === rows[0] ? series : []));
  }, events);
}

/** Return the fields of all rows as columns; one that no row knows stays out. */
function columns(rows: readonly (Row | null)[]): Row {
  const names = Object.keys(Object.assign({}, ...rows));
  return Object.fromEntries(names.map((name) => [name, column(name, rows.map((row) => row?.[name] ?? null))]));
}

function column(name: string, values: readonly unknown[]): unknown {
  if (name === "up" || name === "down") return columns(values as (Row | null)[]); // which hold columns of their own
  return values.some((value) => value !== null) ? values : undefined;
}
