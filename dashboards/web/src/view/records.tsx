// A list of records: a table where there is room, a card for each where there is not.
//
// The roles repeat what the elements mean: the narrow layout turns rows into cards, and some browsers then forget that
// they were a table.

import type { ComponentChildren } from "preact";

export interface Column<T> {
  name: string;
  of: (record: T) => ComponentChildren;
  /** `number`: set to the right; `long`: takes what room is left, and breaks anywhere. */
  as?: "number" | "long";
  /** Whether a card may leave it out, since there is nothing to tell. */
  isNothing?: (record: T) => boolean;
}

interface RecordsProps<T> {
  /** The id of the heading that names the list, or what it is called. */
  labelledBy?: string;
  label?: string;
  columns: readonly [Column<T>, ...Column<T>[]];
  records: readonly T[];
  keyOf: (record: T, place: number) => string;
  /** Whether a record deserves the eye. */
  isBad?: (record: T) => boolean;
}

function Cell<T>({ column, record }: { column: Column<T>; record: T }) {
  return (
    <td role="cell" class={`${column.as ?? ""}${column.isNothing?.(record) ? " is-nothing" : ""}`} data-label={column.name}>
      <div>{column.of(record)}</div>
    </td>
  );
}

export function Records<T>({ labelledBy, label, columns, records, keyOf, isBad }: RecordsProps<T>) {
  const [first, ...others] = columns;
  return (
    <table role="table" class="records" aria-labelledby={labelledBy} aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name, as }) => (
            <th key={name} role="columnheader" scope="col" class={as}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {records.map((record, place) => (
          <tr key={keyOf(record, place)} role="row" class={isBad?.(record) ? "is-bad" : undefined}>
            <th role="rowheader" scope="row" class={first.as}>
              {first.of(record)}
            </th>
            {others.map((column) => (
              <Cell key={column.name} column={column} record={record} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
