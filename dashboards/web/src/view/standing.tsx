// How something stands: a mark for the eye that scans, the word for everyone.

import type { Standing as Stands } from "../picture/alerting-words.ts";

export function Standing({ standing }: { standing: Stands }) {
  return (
    <span class={`stands is-${standing.tone}`}>
      <span class="stands-mark" aria-hidden="true" />
      {standing.word}
    </span>
  );
}
