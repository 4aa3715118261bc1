// What do /api/v1/notifications, /api/v1/dead-letters and /api/v1/receivers answer?

import type { Severity } from "../api.ts";

export const NOTIFICATION_STATES = ["waiting", "delivered", "dead", "cancelled", "superseded"] as const;

export type NotificationState = (typeof NOTIFICATION_STATES)[number];

export interface Notification {
  id: string;
  receiver: string;
  kind: "trigger" | "update" | "repeat" | "acknowledge" | "resolve";
  incident: string;
  summary: string;
  severity: Severity;
  reason: string;
  state: NotificationState;
  is_test: boolean;
  created_at: number;
  next_attempt_at: number | null;
  settled_at: number | null;
  attempts: number;
  last_error: string;
  reference: string;
  maybe_heard: boolean;
}

export interface Attempt {
  number: number;
  ended_at: number;
  duration_ms: number;
  outcome: "delivered" | "rejected" | "unavailable" | "unknown";
  status: string;
  error: string;
}

export interface Receipt {
  at_ms: number;
  reference: string;
  status: string;
  is_final: boolean;
  succeeded: boolean;
  detail: string;
}

export interface NotificationLife {
  notification: Notification;
  attempts: Attempt[];
  receipts: Receipt[];
}

export interface NotificationsPage {
  notifications: Notification[];
  next: string | null;
}

export interface Receiver {
  name: string;
  kind: string;
  origin: string;
  is_used: boolean;
  circuit: "closed" | "open" | "half_open";
  waiting: number;
  dead: number;
  oldest_waiting_at_ms: number | null;
  last_success_at_ms: number | null;
  last_failure_at_ms: number | null;
  last_error: string;
}

export interface Receivers {
  receivers: Receiver[];
}

export interface TrialOwed {
  receiver: string;
  notifications: string[];
}
