// What fires, what is about to, and what was resolved of late.

import type { Alert, Picture, ResolvedAlert } from "../api.ts";
import { alertAnchor } from "../picture/anchor.ts";
import { callHref, incidentHref, participantOf } from "../picture/links.ts";
import { alertsWorstFirst } from "../picture/worst.ts";
import { Age } from "./time.tsx";

const RESOLVED_AT_A_GLANCE = 3;

interface AlertProps {
  alert: Alert;
  picture: Picture;
}

function subjectHref(alert: Alert, picture: Picture): string | null {
  const { room_sid, since_ms, entity, kind } = alert;
  if (kind === "composition" || kind === "recording") return "/media";
  if (room_sid !== null) return callHref(room_sid, { atMs: since_ms, participantSid: participantOf(entity) });
  const anchor = alertAnchor(alert, picture);
  return anchor === null ? null : `#${anchor}`;
}

function Summary({ alert, picture }: AlertProps) {
  const href = subjectHref(alert, picture);
  const words = alert.summary === "" ? alert.rule : alert.summary;
  return href === null ? <>{words}</> : <a href={href}>{words}</a>;
}

function AlertItem({ alert, picture }: AlertProps) {
  return (
    <li class={`alert is-${alert.state} severity-${alert.severity}`}>
      <span class="severity">{alert.severity}</span>
      <div class="alert-words">
        <p class="summary">
          <Summary alert={alert} picture={picture} />
        </p>
        {alert.description !== "" && <p class="description">{alert.description}</p>}
      </div>
      <p class="rule">{alert.incident === null ? alert.rule : <a href={incidentHref(alert.incident)}>{alert.rule}</a>}</p>
      <p class="since">
        {alert.state} for <Age atMs={alert.since_ms} nowMs={picture.now_ms} />
      </p>
    </li>
  );
}

function ResolvedItem({ alert, nowMs }: { alert: ResolvedAlert; nowMs: number }) {
  const reason = alert.detail === "" ? alert.reason : alert.detail;
  return (
    <li class="alert is-resolved">
      <span class="severity">resolved</span>
      <p class="summary">{alert.summary === "" ? alert.rule : alert.summary}</p>
      <p class="rule">{reason.replaceAll("_", " ")}</p>
      <p class="since">
        <Age atMs={alert.resolved_at_ms} nowMs={nowMs} /> ago
      </p>
    </li>
  );
}

function Resolved({ resolved, nowMs }: { resolved: readonly ResolvedAlert[]; nowMs: number }) {
  const newest = [...resolved].sort((a, b) => b.resolved_at_ms - a.resolved_at_ms);
  const item = (alert: ResolvedAlert) => (
    <ResolvedItem key={`${alert.fingerprint}@${alert.resolved_at_ms}`} alert={alert} nowMs={nowMs} />
  );
  const older = newest.slice(RESOLVED_AT_A_GLANCE);
  return (
    <>
      <ul class="alert-list" aria-label="Recently resolved">
        {newest.slice(0, RESOLVED_AT_A_GLANCE).map(item)}
      </ul>
      {older.length > 0 && (
        <details>
          <summary>{older.length} more resolved</summary>
          <ul class="alert-list">{older.map(item)}</ul>
        </details>
      )}
    </>
  );
}

export function Alerts({ picture }: { picture: Picture }) {
  const { alerts, resolved } = picture;
  return (
    <section id="alerts" class="alerts" aria-labelledby="alerts-heading" tabIndex={-1}>
      <div class="section-head">
        <h2 id="alerts-heading">Alerts</h2>
      </div>
      {alerts.length === 0 && <p class="empty">Nothing fires.</p>}
      {alerts.length > 0 && (
        <ul class="alert-list" aria-label="Firing and pending">
          {alertsWorstFirst(alerts).map((alert) => (
            <AlertItem key={alert.fingerprint} alert={alert} picture={picture} />
          ))}
        </ul>
      )}
      {resolved.length > 0 && <Resolved resolved={resolved} nowMs={picture.now_ms} />}
    </section>
  );
}
