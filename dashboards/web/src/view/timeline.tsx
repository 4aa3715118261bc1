// What happened around an incident, in the order of time.

import type { IncidentLife } from "../api/incidents.ts";
import { timeline } from "../picture/timeline.ts";
import { Standing } from "./standing.tsx";
import { When } from "./when.tsx";

export function Timeline({ life }: { life: IncidentLife }) {
  return (
    <section aria-labelledby="timeline-heading">
      <div class="section-head">
        <h3 id="timeline-heading">Timeline</h3>
        <span class="order">oldest first</span>
      </div>
      <ol class="timeline">
        {timeline(life).map(({ atMs, tone, what }, place) => (
          <li key={`${place} ${atMs}`}>
            <When atMs={atMs} />
            <Standing standing={{ word: what, tone }} />
          </li>
        ))}
      </ol>
    </section>
  );
}
