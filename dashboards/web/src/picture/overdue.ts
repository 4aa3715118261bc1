// Which composition has kept somebody waiting for too long?

import type { Composition } from "../api.ts";

export function isOverdue(composition: Composition): boolean {
  return composition.overdue_s !== null && composition.overdue_s > 0;
}

/** One without a known limit comes last: nothing says that it is late. */
export function compositionsMostOverdueFirst(compositions: readonly Composition[]): Composition[] {
  const overdue = ({ overdue_s }: Composition) => overdue_s ?? Number.NEGATIVE_INFINITY;
  return [...compositions].sort((a, b) =>
    overdue(a) === overdue(b) ? a.composition_sid.localeCompare(b.composition_sid) : overdue(b) - overdue(a),
  );
}
