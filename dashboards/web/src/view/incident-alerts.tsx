// What fired: each alert of an incident with what was seen, and where to go from there.

import type { Detail, ReceivedAlert } from "../api/incidents.ts";
import { useMay } from "../frame/session.ts";
import { address, callAddress, runbookAddress } from "../picture/address.ts";
import { matchersFor, written } from "../picture/matchers.ts";
import { percent } from "../picture/quantity.ts";
import { Labels } from "./labels.tsx";
import { Age } from "./time.tsx";
import { When } from "./when.tsx";

/** What its name already tells, or a link: not said a second time as a fact. */
const SAID_ELSEWHERE = new Set(["room_sid", "participant_sid", "identity", "room_name"]);

function shown(name: string, value: Exclude<Detail, null>): string {
  if (typeof value === "string") return value;
  if (name.endsWith("_ratio")) return percent(value);
  const unit = /_(ms|s|bytes|bps)$/.exec(name)?.[1];
  const digits = Number.isInteger(value) ? String(value) : value.toFixed(1);
  return unit === undefined ? digits : `${digits} ${unit}`;
}

function factsOf(details: Readonly<Record<string, Detail>>): [string, string][] {
  return Object.entries(details).flatMap(([name, value]) => {
    if (value === null || value === "" || SAID_ELSEWHERE.has(name)) return [];
    return [[name.replace(/_(ratio|ms|s|bytes|bps)$/, "").replaceAll("_", " "), shown(name, value)] as [string, string]];
  });
}

function Runbook({ url }: { url: string }) {
  if (url === "") return null;
  const href = runbookAddress(url);
  if (href !== null) {
    return (
      <a href={href} rel="noreferrer">
        Runbook
      </a>
    );
  }
  return (
    <span class="runbook">
      Runbook: <code>{url}</code>
    </span>
  );
}

export function silenceThis(alert: ReceivedAlert): string {
  return address("/silences", { new: "1", matchers: matchersFor(alert.labels).map(written).join(", ") });
}

export function explainThis(alert: ReceivedAlert): string {
  return address("/explain", { alert: alert.fingerprint, at: alert.fired_at_ms ?? alert.since_ms });
}

function Links({ alert }: { alert: ReceivedAlert }) {
  const mayOperate = useMay("operator");
  const call = callAddress(alert, alert.fired_at_ms ?? alert.since_ms);
  return (
    <p class="alert-links">
      {call !== null && <a href={call}>{alert.participant_sid === null ? "Open the call" : "Open the call, at this person"}</a>}
      <a href={explainThis(alert)}>Explain this</a>
      {mayOperate && alert.state !== "inactive" && <a href={silenceThis(alert)}>Silence this</a>}
      <Runbook url={alert.runbook_url} />
    </p>
  );
}

function Since({ alert, nowMs }: { alert: ReceivedAlert; nowMs: number }) {
  const { state, since_ms, fired_at_ms } = alert;
  if (state === "inactive") {
    return (
      <>
        over at <When atMs={since_ms} />
        {fired_at_ms !== null && (
          <>
            , fired for <Age atMs={fired_at_ms} nowMs={since_ms} />
          </>
        )}
      </>
    );
  }
  return (
    <>
      {state} for <Age atMs={since_ms} nowMs={nowMs} />, since <When atMs={since_ms} />
    </>
  );
}

export function IncidentAlert({ alert, nowMs }: { alert: ReceivedAlert; nowMs: number }) {
  const facts = factsOf(alert.details);
  return (
    <li class={`evidence severity-${alert.severity} ${alert.state === "inactive" ? "is-past" : `is-${alert.state}`}`}>
      <header>
        <span class="severity">{alert.severity}</span>
        <h4>{alert.summary === "" ? `${alert.rule} ${alert.entity}` : alert.summary}</h4>
        <p class="since">
          <Since alert={alert} nowMs={nowMs} />
        </p>
      </header>
      {alert.description !== "" && <p class="description">{alert.description}</p>}
      {alert.muted !== "" && <p class="muted">Held back: {alert.muted}</p>}
      {facts.length > 0 && (
        <dl class="facts-list" aria-label="What was seen">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <Links alert={alert} />
      <details>
        <summary>Labels</summary>
        <Labels labels={alert.labels} />
      </details>
    </li>
  );
}
