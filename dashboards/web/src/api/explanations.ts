// What do /api/v1/explain and /api/v1/rules answer?

import type { Kind, Severity } from "../api.ts";

export interface Told {
  at_ms: number;
  text: string;
}

export interface Explanation {
  fingerprint: string;
  rule: string;
  kind: Kind;
  entity: string;
  name: string;
  answer: string[];
  story: Told[];
  not_asked: string[];
}

export interface Explained {
  at_ms: number;
  room_sid: string | null;
  room_name: string | null;
  alerts: Explanation[];
}

export interface Rule {
  name: string;
  over: Kind;
  severity: Severity;
  raise_when: string;
  hold_for_s: number;
  clear_when: string;
  clear_for_s: number;
  summary: string;
  runbook_url: string;
}

export interface Rules {
  rules: Rule[];
}
