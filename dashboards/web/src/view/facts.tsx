// A few facts with their names.

import type { ComponentChildren } from "preact";

export interface Fact {
  name: string;
  value: ComponentChildren;
  /** What there is to say about it. */
  note?: ComponentChildren;
}

export function Facts({ facts, label }: { facts: readonly Fact[]; label?: string }) {
  return (
    <dl class="fact-list" aria-label={label}>
      {facts.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note !== undefined && <span class="note">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
