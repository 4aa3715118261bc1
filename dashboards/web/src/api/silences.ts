// What does /api/v1/silences answer?

import type { Alert } from "../api.ts";

export interface Silence {
  id: string;
  state: "pending" | "active" | "expired";
  matchers: string[];
  starts_at_ms: number;
  ends_at_ms: number;
  author: string;
  reason: string;
  created_at_ms: number;
  ended_by: string;
  /** How many of the alerts that fire it is about; null where nobody counted. */
  mutes: number | null;
}

export interface Silences {
  silences: Silence[];
}

export interface Preview {
  count: number;
  alerts: Alert[];
}
