// How an incident stands, and why its alerts are in it and its people were told.

import type { Incident, IncidentLife } from "../api/incidents.ts";
import { care, ladder } from "../picture/alerting-words.ts";
import { plural } from "../picture/quantity.ts";
import { Labels } from "./labels.tsx";
import { Standing } from "./standing.tsx";
import { Age, Duration } from "./time.tsx";
import { When } from "./when.tsx";

export function Span({ incident, nowMs }: { incident: Incident; nowMs: number }) {
  const { started_at_ms, ended_at_ms } = incident;
  if (ended_at_ms === null) {
    return (
      <>
        open for <Age atMs={started_at_ms} nowMs={nowMs} />, since <When atMs={started_at_ms} />
      </>
    );
  }
  return (
    <>
      <When atMs={started_at_ms} /> to <When atMs={ended_at_ms} />, <Duration seconds={(ended_at_ms - started_at_ms) / 1000} />
    </>
  );
}

function counts({ firing_count, resolved_count }: Incident): string {
  const firing = firing_count === 0 ? "nothing fires any more" : plural(firing_count, "alert fires", "alerts fire");
  return resolved_count === 0 ? firing : `${firing}, ${resolved_count} over since the last word`;
}

export function IncidentFacts({ life, nowMs }: { life: IncidentLife; nowMs: number }) {
  const { incident, route } = life;
  const told = ladder(incident, nowMs);
  return (
    <section class="incident-why" aria-labelledby="why-heading">
      <h3 id="why-heading" class="aloud">
        How it stands
      </h3>
      <dl>
        <div>
          <dt>When</dt>
          <dd>
            <Span incident={incident} nowMs={nowMs} />
          </dd>
        </div>
        <div>
          <dt>Looked after</dt>
          <dd>
            <Standing standing={care(incident)} />
            {incident.acknowledged_at_ms !== null && (
              <>
                {" "}
                at <When atMs={incident.acknowledged_at_ms} />
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Alerts</dt>
          <dd>{counts(incident)}</dd>
        </div>
        {told !== "" && (
          <div>
            <dt>Ladder</dt>
            <dd>{told}</dd>
          </div>
        )}
        <div>
          <dt>Group</dt>
          <dd>
            {Object.keys(incident.labels).length === 0 ? "all alerts of its route" : <Labels labels={incident.labels} />}
          </dd>
        </div>
        <div>
          <dt>Route</dt>
          <dd>{route === "" ? "one that is not configured any more" : <code>{route}</code>}</dd>
        </div>
        <div>
          <dt>Incident</dt>
          <dd>
            <code>{incident.id}</code>
          </dd>
        </div>
      </dl>
    </section>
  );
}
