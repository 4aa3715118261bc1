// What does a daemon make of a series?  The very rows that it was made of.

/** Return the events of a post with the rows of a series in its place. */
export function unrolled(events) {
  return events.flatMap((event) => (event.type.endsWith("_series") ? rowsOf(event) : event));
}

function rowsOf({ type, ...columns }) {
  const always = type === "network_quality_series" ? { stats: null } : {}; // which a single one has, known or not
  return columns.at.map((_, index) => ({ type: type.replace("_series", ""), ...always, ...rowAt(columns, index) }));
}

/** Return one row of columns; what is null there is as unknown as what has no column. */
function rowAt(columns, index) {
  const fields = Object.entries(columns).map(([name, column]) => [name, entryAt(column, index)]);
  return Object.fromEntries(fields.filter(([, value]) => value !== null));
}

function entryAt(column, index) {
  if (Array.isArray(column)) return column[index];
  const nested = rowAt(column, index);
  return Object.keys(nested).length ? nested : null;
}
