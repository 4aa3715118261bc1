// How badly a person is needed: the same badge as on the wall.

import type { Severity as Level } from "../api.ts";

interface SeverityProps {
  severity: Level;
  /** Whether it still goes on: what is over does not shout. */
  isOn?: boolean;
}

export function Severity({ severity, isOn = true }: SeverityProps) {
  return (
    <span class={`severity-${severity} ${isOn ? "is-firing" : "is-past"}`}>
      <span class="severity">{severity}</span>
    </span>
  );
}
