// What happened around an incident, in the order of time?

import type { IncidentLife, ReceivedAlert, Said } from "../api/incidents.ts";
import { attemptWords, kindWords, outcomeStanding, type Tone } from "./alerting-words.ts";

/** How the daemon notes that nothing holds an alert back any more (`alerts/grouping.py`). */
const UNMUTED = "no longer muted";

export interface Happening {
  atMs: number;
  tone: Tone;
  what: string;
}

function ofAlert(alert: ReceivedAlert): Happening[] {
  const words = alert.summary === "" ? `${alert.rule} ${alert.entity}` : alert.summary;
  const fired: Happening[] = alert.fired_at_ms === null ? [] : [{ atMs: alert.fired_at_ms, tone: "bad", what: `Fires: ${words}` }];
  if (alert.state === "inactive") fired.push({ atMs: alert.since_ms, tone: "good", what: `Over: ${words}` });
  return fired;
}

function ofWord({ notification, attempts, receipts }: Said): Happening[] {
  const { receiver, kind, reason, created_at, state, settled_at, last_error } = notification;
  const owed: Happening = {
    atMs: created_at,
    tone: kind === "acknowledge" ? "good" : "none",
    what: `${receiver} is told that ${kindWords(kind)}${reason === "" ? "" : ` (${reason})`}`,
  };
  const tried = attempts.map((attempt): Happening => ({
    atMs: attempt.ended_at,
    tone: outcomeStanding(attempt.outcome).tone,
    what: `${receiver}: attempt ${attempt.number} ${attemptWords(attempt)}`,
  }));
  const heard = receipts.map(({ at_ms, status, detail, succeeded, is_final }): Happening => ({
    atMs: at_ms,
    tone: succeeded ? "good" : is_final ? "bad" : "none",
    what: `${receiver}: ${status}${detail === "" ? "" : `, ${detail}`}`,
  }));
  const buried: Happening[] =
    state === "dead" && settled_at !== null ? [{ atMs: settled_at, tone: "bad", what: `${receiver}: given up${last_error === "" ? "" : `, ${last_error}`}` }] : [];
  return [owed, ...tried, ...heard, ...buried];
}

/** Return all that is on record, oldest first; of what comes at the same moment, in the order of cause. */
export function timeline({ incident, alerts, notifications, notes }: IncidentLife): Happening[] {
  const over: Happening[] =
    incident.ended_at_ms === null ? [] : [{ atMs: incident.ended_at_ms, tone: "good", what: "The incident is over" }];
  const happenings: Happening[] = [
    ...alerts.flatMap(ofAlert),
    ...notes.map(({ at_ms, text }): Happening => ({ atMs: at_ms, tone: "poor", what: text === UNMUTED ? "Not held back any more" : `Held back: ${text}` })),
    { atMs: incident.started_at_ms, tone: "bad", what: "The incident begins" },
    ...[...notifications].reverse().flatMap(ofWord),
    ...over,
  ];
  return happenings.sort((a, b) => a.atMs - b.atMs);
}
