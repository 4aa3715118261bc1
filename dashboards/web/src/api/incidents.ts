// What does /api/v1/incidents answer?  Times are milliseconds since the epoch.

import type { Alert, Severity } from "../api.ts";
import type { Attempt, Notification, Receipt } from "./notifications.ts";

export interface Escalation {
  receivers: string[];
  steps_taken: number;
  steps: number;
  next_step_at_ms: number | null;
  unreached: string;
}

export interface Incident {
  id: string;
  is_open: boolean;
  severity: Severity;
  started_at_ms: number;
  ended_at_ms: number | null;
  summary: string;
  cause: string;
  labels: Record<string, string>;
  firing_count: number;
  resolved_count: number;
  acknowledged_by: string;
  acknowledged_via: string;
  acknowledged_at_ms: number | null;
  escalation: Escalation | null;
}

export interface IncidentsPage {
  incidents: Incident[];
  next: string | null;
}

export type Detail = string | number | null;

export interface ReceivedAlert extends Omit<Alert, "state"> {
  state: "pending" | "firing" | "inactive";
  labels: Record<string, string>;
  details: Record<string, Detail>;
  participant_sid: string | null;
  fired_at_ms: number | null;
  runbook_url: string;
  muted: string;
}

export interface Said {
  notification: Notification;
  attempts: Attempt[];
  receipts: Receipt[];
}

export interface Note {
  at_ms: number;
  fingerprint: string;
  text: string;
}

export interface IncidentLife {
  incident: Incident;
  route: string;
  alerts: ReceivedAlert[];
  notifications: Said[];
  notes: Note[];
}

/** What GET /api/v1/rooms/{room}/verdict answers, as far as it is shown beside an incident. */
export interface Verdict {
  cause: string;
  name: string;
  confidence: number;
  sentence: string;
  because: string[];
  people: number;
  people_heard: number;
}
