// Incidents in lists: those that are open with what is being done, those that are over as one line each.

import type { Incident } from "../api/incidents.ts";
import { incidentAddress } from "../picture/address.ts";
import { carer, headline, ladder } from "../picture/alerting-words.ts";
import { plural } from "../picture/quantity.ts";
import { Severity } from "./severity.tsx";
import { Standing } from "./standing.tsx";
import { Age, Duration } from "./time.tsx";
import { When } from "./when.tsx";

export function OpenIncident({ incident, nowMs }: { incident: Incident; nowMs: number }) {
  const told = ladder(incident, nowMs);
  const { what, why } = headline(incident);
  return (
    <li class={`incident is-firing severity-${incident.severity}`}>
      <span class="severity">{incident.severity}</span>
      <div class="incident-words">
        <p class="summary">
          <a href={incidentAddress(incident.id)}>{what}</a>
        </p>
        {why !== "" && <p class="description">{why}</p>}
        <p class="incident-facts">
          <span>{plural(incident.firing_count, "alert fires", "alerts fire")}</span>
          {told !== "" && <span>{told}</span>}
        </p>
      </div>
      <p class="incident-care">
        <span class="aloud">Looked after by: </span>
        <Standing standing={carer(incident)} />
      </p>
      <p class="since">
        for <Age atMs={incident.started_at_ms} nowMs={nowMs} />
      </p>
    </li>
  );
}

function PastIncident({ incident }: { incident: Incident }) {
  const { id, severity, started_at_ms, ended_at_ms } = incident;
  const { what, why } = headline(incident);
  return (
    <tr role="row">
      <td role="cell" class="cell-severity">
        <Severity severity={severity} isOn={false} />
      </td>
      <th role="rowheader" scope="row" class="cell-summary">
        <a href={incidentAddress(id)}>{what}</a>
        {why !== "" && <span class="description">{why}</span>}
      </th>
      <td role="cell" data-label="Began">
        <When atMs={started_at_ms} />
      </td>
      <td role="cell" class="number" data-label="Lasted">
        {ended_at_ms === null ? "goes on" : <Duration seconds={(ended_at_ms - started_at_ms) / 1000} />}
      </td>
      <td role="cell" class="cell-wide" data-label="Looked after by">
        <Standing standing={carer(incident)} />
      </td>
    </tr>
  );
}

export function PastIncidents({ incidents, labelledBy }: { incidents: readonly Incident[]; labelledBy: string }) {
  return (
    <table role="table" class="list" aria-labelledby={labelledBy}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Severity
          </th>
          <th role="columnheader" scope="col">
            What it was
          </th>
          <th role="columnheader" scope="col">
            Began
          </th>
          <th role="columnheader" scope="col" class="number">
            Lasted
          </th>
          <th role="columnheader" scope="col">
            Looked after by
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {incidents.map((incident) => (
          <PastIncident key={incident.id} incident={incident} />
        ))}
      </tbody>
    </table>
  );
}
