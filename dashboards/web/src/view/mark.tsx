// How something stands, as a mark for the eye that scans and a word for everyone.

import type { Health } from "../picture/freshness.ts";

export function Mark({ health, words }: { health: Health; words: string }) {
  return (
    <span class={`standing health-${health}`}>
      <span class="mark" aria-hidden="true" />
      {words}
    </span>
  );
}
