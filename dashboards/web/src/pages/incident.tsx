// One incident: what fired and why, who was told and how that went, and who looks after it.

import { useRef, useState } from "preact/hooks";
import type { IncidentLife } from "../api/incidents.ts";
import { Answered } from "../frame/answer.tsx";
import { type Answer, useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import type { PageProps } from "../frame/pages.tsx";
import { useMay } from "../frame/session.ts";
import { callAddress } from "../picture/address.ts";
import { headline } from "../picture/alerting-words.ts";
import { AcknowledgeDialog } from "../view/acknowledging.tsx";
import { explainThis, IncidentAlert, silenceThis } from "../view/incident-alerts.tsx";
import { IncidentFacts } from "../view/incident-facts.tsx";
import { Attempts, SaidLine } from "../view/said.tsx";
import { Timeline } from "../view/timeline.tsx";
import { judged, VerdictOn } from "../view/verdict.tsx";

const EVERY_MS = 4_000;

function Actions({ life, again }: { life: IncidentLife; again: () => void }) {
  const mayOperate = useMay("operator");
  const [asking, setAsking] = useState<"take" | "give back" | null>(null);
  const [news, setNews] = useState("");
  const said = useRef<HTMLParagraphElement>(null);
  const { incident, alerts } = life;
  const first = alerts[0];
  const call = first === undefined ? null : callAddress(first, first.fired_at_ms ?? incident.started_at_ms);
  const done = () => {
    setNews(asking === "take" ? "Acknowledged. Everybody who was told hears of it." : "Given back. The next ones are told after the planned pause.");
    setAsking(null);
    again();
    requestAnimationFrame(() => said.current?.focus());
  };
  return (
    <>
      <div class="page-actions">
        {mayOperate && incident.is_open && incident.acknowledged_by === "" && (
          <button type="button" class="primary" onClick={() => setAsking("take")}>
            Acknowledge
          </button>
        )}
        {mayOperate && incident.is_open && incident.acknowledged_by !== "" && (
          <button type="button" onClick={() => setAsking("give back")}>
            Give back
          </button>
        )}
        {call !== null && <a href={call}>Open the call</a>}
        {first !== undefined && <a href={explainThis(first)}>Explain this</a>}
        {mayOperate && incident.is_open && first !== undefined && <a href={silenceThis(first)}>Silence this</a>}
      </div>
      <p class="news" role="status" tabIndex={-1} ref={said}>
        {news}
      </p>
      {asking !== null && (
        <AcknowledgeDialog incident={incident} isGivingBack={asking === "give back"} onDone={done} onClose={() => setAsking(null)} />
      )}
    </>
  );
}

function Said({ life }: { life: IncidentLife }) {
  return (
    <section aria-labelledby="said-heading">
      <div class="section-head">
        <h3 id="said-heading">Notifications</h3>
        <span class="order">the latest first</span>
      </div>
      {life.notifications.length === 0 && (
        <p class="empty">
          Nobody was told. <a href={life.alerts[0] ? explainThis(life.alerts[0]) : "/explain"}>Why not?</a>
        </p>
      )}
      <ul class="said">
        {life.notifications.map(({ notification, attempts, receipts }) => (
          <li key={notification.id}>
            <SaidLine notification={notification}>
              <Attempts attempts={attempts} receipts={receipts} />
            </SaidLine>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Life({ life, again }: { life: IncidentLife; again: () => void }) {
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  const { incident, alerts } = life;
  const { what, why } = headline(incident);
  const subject = judged(alerts);
  return (
    <>
      <header class={`incident-head severity-${incident.severity} ${incident.is_open ? "is-firing" : "is-past"}`}>
        <p>
          <span class="severity">{incident.severity}</span> <span class="incident-state">{incident.is_open ? "open" : "over"}</span>
        </p>
        <h2>{what}</h2>
        {why !== "" && <p class="incident-cause">{why}</p>}
        <Actions life={life} again={again} />
      </header>
      <div class="incident-columns">
        <div>
          <section aria-labelledby="fired-heading">
            <div class="section-head">
              <h3 id="fired-heading">What fired</h3>
              {alerts.length < incident.firing_count + incident.resolved_count && (
                <span class="order">the worst {alerts.length} of {incident.firing_count + incident.resolved_count}</span>
              )}
            </div>
            <ul class="evidences">
              {alerts.map((alert) => (
                <IncidentAlert key={alert.fingerprint} alert={alert} nowMs={nowMs} />
              ))}
            </ul>
          </section>
          {subject !== null && <VerdictOn alert={subject} incident={incident} />}
          <Said life={life} />
        </div>
        <div>
          <IncidentFacts life={life} nowMs={nowMs} />
          <Timeline life={life} />
        </div>
      </div>
    </>
  );
}

function Unknown({ answer }: { answer: Answer<IncidentLife> }) {
  return (
    <p class="empty">
      {answer.trouble} Incidents that are over are forgotten in time. <a href="/incidents">Those on record</a>
    </p>
  );
}

export function IncidentPage({ params }: PageProps) {
  const answer = useAnswer<IncidentLife>(`/api/v1/incidents/${encodeURIComponent(params?.incident ?? "")}`, { everyMs: EVERY_MS });
  return (
    <div class="alerting">
      <p class="way-back">
        <a href="/incidents">All incidents</a>
      </p>
      {answer.refused === 404 && answer.value === null ? (
        <Unknown answer={answer} />
      ) : (
        <Answered answer={answer} what="the incident">
          {(life) => <Life life={life} again={answer.again} />}
        </Answered>
      )}
    </div>
  );
}
