// Incidents: what is open comes first, what is over follows, the latest on top.

import { useMemo } from "preact/hooks";
import type { Rules } from "../api/explanations.ts";
import type { IncidentsPage } from "../api/incidents.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import { address } from "../picture/address.ts";
import { plural } from "../picture/quantity.ts";
import { spanOf } from "../picture/spans.ts";
import { Choice } from "../view/field.tsx";
import { type Change, Filters, SpanFilter, useFilters } from "../view/filters.tsx";
import { OpenIncident, PastIncidents } from "../view/incidents.tsx";
import { Paging } from "../view/paging.tsx";

type Query = Readonly<Record<string, string>>;

const OPEN_EVERY_MS = 4_000;
const OVER_EVERY_MS = 20_000;
const NAMES = ["state", "severity", "rule", "span", "from", "to"] as const;
const STATES = [
  { key: "", words: "open and over" },
  { key: "open", words: "open" },
  { key: "over", words: "over" },
];
const SEVERITIES = [
  { key: "", words: "any" },
  { key: "critical", words: "critical" },
  { key: "warning", words: "warning" },
  { key: "info", words: "info" },
];

function IncidentFilters({ query, change }: { query: Query; change: Change }) {
  const rules = useAnswer<Rules>("/api/v1/rules").value?.rules.map(({ name }) => name) ?? [];
  const named = query.rule && !rules.includes(query.rule) ? [query.rule, ...rules] : rules;
  const options = [{ key: "", words: "any" }, ...named.map((name) => ({ key: name, words: name }))];
  return (
    <Filters label="Which incidents" query={query} change={change} names={NAMES}>
      <Choice id="filter-state" label="State" value={query.state ?? ""} options={STATES} onValue={(state) => change({ state })} />
      <Choice
        id="filter-severity"
        label="Severity"
        value={query.severity ?? ""}
        options={SEVERITIES}
        onValue={(severity) => change({ severity })}
      />
      <Choice id="filter-rule" label="Rule" value={query.rule ?? ""} options={options} onValue={(rule) => change({ rule })} />
      <SpanFilter label="Began" query={query} change={change} />
    </Filters>
  );
}

function useIncidents(state: "open" | "over", query: Query) {
  const { severity, rule, span, from, to, after } = query;
  const bounds = useMemo(() => spanOf(query, Date.now()), [span, from, to]);
  const isAsked = query.state === undefined || query.state === "" || query.state === state;
  const asked = { state, severity, rule, ...bounds, ...(state === "open" ? { limit: 500 } : { after }) };
  const everyMs = state === "open" ? OPEN_EVERY_MS : OVER_EVERY_MS;
  return useAnswer<IncidentsPage>(isAsked ? address("/api/v1/incidents", asked) : null, { everyMs });
}

function isNarrowed(query: Query): boolean {
  return NAMES.some((name) => name !== "state" && query[name]);
}

function Open({ query }: { query: Query }) {
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  const answer = useIncidents("open", query);
  return (
    <section aria-labelledby="open-heading">
      <div class="section-head">
        <h3 id="open-heading">Open</h3>
        {answer.value !== null && <span class="order">{plural(answer.value.incidents.length, "incident")}</span>}
      </div>
      <Answered answer={answer} what="the incidents that are open">
        {({ incidents }) =>
          incidents.length === 0 ? (
            <p class="empty">
              {isNarrowed(query) ? "No open incident is like that." : "Nothing fires that anybody was told of."}{" "}
              <a href="/explain">Why did I not hear of something?</a>
            </p>
          ) : (
            <ul class="incident-list">
              {incidents.map((incident) => (
                <OpenIncident key={incident.id} incident={incident} nowMs={nowMs} />
              ))}
            </ul>
          )
        }
      </Answered>
    </section>
  );
}

function Over({ query }: { query: Query }) {
  const answer = useIncidents("over", query);
  return (
    <section aria-labelledby="over-heading">
      <div class="section-head">
        <h3 id="over-heading">Over</h3>
        <span class="order">the latest first</span>
      </div>
      <Answered answer={answer} what="the incidents that are over">
        {({ incidents, next }) => (
          <>
            {incidents.length === 0 ? (
              <p class="empty">
                {isNarrowed(query) ? "No incident that is over is like that." : "No incident is on record yet. What is over stands here."}
              </p>
            ) : (
              <PastIncidents incidents={incidents} labelledBy="over-heading" />
            )}
            <Paging next={next} after={query.after} />
          </>
        )}
      </Answered>
    </section>
  );
}

export function Incidents() {
  const [query, change] = useFilters();
  return (
    <div class="alerting">
      <div class="page-head">
        <h2>Incidents</h2>
        <p class="page-actions">
          <a href="/explain">Why did it fire, or not?</a>
        </p>
      </div>
      <IncidentFilters query={query} change={change} />
      {query.state !== "over" && <Open query={query} />}
      {query.state !== "open" && <Over query={query} />}
    </div>
  );
}
