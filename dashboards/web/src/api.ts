// What does GET /api/v1/live answer?
//
// All times are milliseconds since the epoch; null means "not known", never zero.

export type Severity = "critical" | "warning" | "info";
export type ParticipantStatus = "connected" | "reconnecting" | "disconnected";
export type CompositionStatus = "expected" | "enqueued" | "processing" | "completed" | "deleted" | "failed";
export type Kind = "participant" | "room" | "composition" | "recording" | "account" | "region" | "tenant" | "source" | "daemon" | "slo";

export interface Participant {
  participant_sid: string | null;
  identity: string | null;
  status: ParticipantStatus;
  level: number | null;
  level_since_ms: number | null;
  level_source: "self" | "others" | null;
  idle: boolean;
  rtt_ms: number | null;
  jitter_ms: number | null;
  loss_ratio: number | null;
  bitrate_up_bps: number | null;
  bitrate_down_bps: number | null;
  fps: number | null;
  limited_by: string | null;
  last_error_code: number | null;
  last_error: string | null;
  heard_at_ms: number | null;
  browser: string | null;
  network: string | null;
}

export interface Room {
  room_sid: string | null;
  room_name: string | null;
  status: string;
  created_at_ms: number | null;
  media_region: string | null;
  degraded_ratio: number | null;
  participants: Participant[];
}

export interface Composition {
  composition_sid: string;
  room_sid: string | null;
  room_name: string | null;
  status: CompositionStatus;
  created_at_ms: number | null;
  percent_done: number | null;
  waited_s: number | null;
  limit_s: number | null;
  overdue_s: number | null;
}

export interface Alert {
  fingerprint: string;
  rule: string;
  state: "pending" | "firing";
  severity: Severity;
  since_ms: number;
  kind: Kind;
  entity: string;
  room_sid: string | null;
  summary: string;
  description: string;
  value: number | null;
  /** The id of the open incident that it is told of in, if it is. */
  incident: string | null;
}

export interface ResolvedAlert {
  fingerprint: string;
  rule: string;
  severity: Severity;
  summary: string;
  resolved_at_ms: number;
  reason: string;
  detail: string;
}

export interface TwilioSource {
  account: string;
  resource: string;
  ok: boolean;
  last_success_ms: number | null;
  stale_after_s: number;
  error: string;
}

export interface Picture {
  now_ms: number;
  version: string;
  demo: boolean;
  rooms: Room[];
  compositions: Composition[];
  alerts: Alert[];
  resolved: ResolvedAlert[];
  sources: TwilioSource[];
  telemetry: { posts: number; events: number; last_at_ms: number | null };
  notifications: { waiting: number; dead: number };
}
