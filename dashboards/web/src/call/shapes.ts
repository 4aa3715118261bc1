// What do the questions about one call answer?  `docs/calls.md` says more.
//
// All times are milliseconds since the epoch; null means "not known", never zero.

export type SpanStatus = "heard" | "idle" | "silent" | "reconnecting";
export type Column = readonly (number | string | null)[];

export interface Span {
  from_ms: number;
  to_ms: number;
  status: SpanStatus;
}

export interface Client {
  sdk?: string | null;
  sdk_version?: string | null;
  browser?: string | null;
  network?: string | null;
}

export interface Lane {
  /** A SID, or `identity:NAME` where no SID is known. */
  key: string;
  participant_sid: string | null;
  identity: string | null;
  joined_at_ms: number | null;
  left_at_ms: number | null;
  client: Client;
  samples: number;
  every_ms: number | null;
  level: readonly (number | null)[];
  score: readonly (number | null)[];
  idle: readonly (boolean | null)[];
  columns: Readonly<Record<string, Column>>;
  spans: readonly Span[];
}

/** Everybody on one grid of steps: step `i` begins at `from_ms + i * step_ms`. */
export interface Lanes {
  room_sid: string | null;
  room_name: string | null;
  from_ms: number;
  step_ms: number;
  steps: number;
  /** What may be missing of what was measured, and why; empty if nothing is. */
  lacking: string;
  lanes: readonly Lane[];
}

export interface EntryAlert {
  rule: string;
  state: string;
  severity: string;
  fingerprint: string;
  incident: string | null;
}

export interface Entry {
  id: string;
  at_ms: number;
  until_ms?: number | null;
  kind: string;
  source: string;
  words: string;
  key?: string | null;
  code?: number | null;
  code_name?: string | null;
  code_words?: string | null;
  remedy?: string | null;
  sequence?: number | null;
  rating?: number | null;
  text?: string | null;
  alert?: EntryAlert | null;
}

export interface MissingInput {
  input: string;
  key?: string | null;
  words: string;
  remedy: string;
  docs: string;
}

export interface Story {
  room_sid: string | null;
  room_name: string | null;
  account_sid: string | null;
  status: string;
  media_region: string | null;
  created_at_ms: number | null;
  ended_at_ms: number | null;
  from_ms: number;
  to_ms: number;
  entries: readonly Entry[];
  is_cut: boolean;
  missing: readonly MissingInput[];
  /** What may be missing of what was measured, and why; empty if nothing is. */
  lacking: string;
}

export interface Considered {
  cause: string;
  whom: string;
  fact: string;
}

export interface Verdict {
  from_ms: number;
  to_ms: number;
  cause: string;
  whom: string | null;
  name: string;
  confidence: number;
  sentence: string;
  because: readonly string[];
  others: readonly Considered[];
  people: number;
  people_heard: number;
  other_rooms: number;
  are_other_rooms_cut: boolean;
  compared_from_ms: number;
  compared_to_ms: number;
}

export interface Share {
  id: string;
  from_ms: number | null;
  to_ms: number | null;
  created_at_ms: number;
  expires_at_ms: number;
  token?: string | null;
  url?: string | null;
}
