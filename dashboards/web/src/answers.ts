// What do the questions of the other pages answer?  (The live picture is in `api.ts`.)
//
// All times are milliseconds since the epoch; null means "not known", never zero.

export interface FoundCall {
  room_sid: string | null;
  room_name: string | null;
  account_sid: string | null;
  status: string;
  created_at_ms: number;
  ended_at_ms: number | null;
  fired: string[];
}

export interface FoundCalls {
  rooms: FoundCall[];
  next: string | null;
  /** What may be missing here, and why; empty if nothing is. */
  lacking: string;
}

export interface Coverage {
  key: string;
  participants: number;
  expected_minutes: number;
  heard_minutes: number;
  rated_minutes: number;
  degraded_minutes: number;
  heard_ratio: number | null;
}

export interface CoveragePage {
  by: string;
  coverage: Coverage[];
  next: string | null;
  /** What may be missing here, and why; empty if nothing is. */
  lacking: string;
}

export interface WorstCalls {
  by: string;
  rooms: { room: string; value: number; of: number }[];
  /** What may be missing here, and why; empty if nothing is. */
  lacking: string;
}

export type MediaState = "open" | "failed" | "finished";

export interface Medium {
  kind: "composition" | "recording";
  sid: string | null;
  state: MediaState;
  status: string;
  room_sid: string | null;
  room_name: string | null;
  participant_sid: string | null;
  identity: string | null;
  track: string | null;
  created_at_ms: number | null;
  seen_at_ms: number;
  waiting_since_ms: number | null;
  due_at_ms: number | null;
  completed_at_ms: number | null;
  percent_done: number | null;
  duration_s: number | null;
  size_bytes: number | null;
  failed_operation: string | null;
  error_message: string | null;
  times_asked: number;
}

export interface MediaPage {
  now_ms: number;
  media: Medium[];
  totals: Record<MediaState, number>;
  next: string | null;
}

export interface Poll {
  resource: string;
  is_up: boolean;
  last_success_ms: number | null;
  due_at_ms: number | null;
  interval_s: number;
  stale_after_s: number;
  failures_in_a_row: number;
  error: string;
}

export interface RequestBudget {
  requests_per_s: number;
  burst_requests: number;
  rate_per_s: number;
  remaining: number;
  in_flight: number;
  concurrency_limit: number;
  waiting: number;
  used: Record<string, number>;
  throttled: number;
  retries: number;
  last_throttled_ms: number | null;
  circuit: string;
  is_auth_lost: boolean;
}

export interface CallbackHealth {
  is_trusted: boolean;
  is_silent: boolean;
  judged: number;
  missed: number;
  missed_in_a_row: number;
  missed_ratio: number | null;
}

export interface AccountSources {
  account: string;
  account_sid: string;
  polls: Poll[];
  budget: RequestBudget;
  callbacks: CallbackHealth;
  troubles: { trouble: string; since_ms: number; detail: string }[];
}

export interface Sources {
  now_ms: number;
  accounts: AccountSources[];
  callbacks: { address: string; received: Record<string, number>; repeats: number; refused: Record<string, number> };
  telemetry: {
    posts: Record<string, number>;
    events: number;
    refused_events: number;
    ignored_events: number;
    repeats: number;
    late_posts: number;
    wrong_clock_posts: number;
    last_at_ms: number | null;
  };
  queue: { events: number; capacity_events: number };
}

export interface Spot {
  room_sid: string | null;
  room_name: string | null;
  participant_sid: string | null;
  identity: string | null;
  since_ms: number | null;
  browser: string | null;
  people: number;
}

export interface Spots {
  total: number;
  first: Spot[];
}

export interface BlindSpots {
  now_ms: number;
  blind: string[];
  rooms: number;
  people: number;
  heard: number;
  rooms_without_telemetry: Spots;
  never_heard: Spots;
  fell_silent: Spots;
  without_level: Spots;
  unknown_to_twilio: Spots;
  wrong_clock: Spots;
}

export interface Setting {
  key: string;
  value: unknown;
  default: unknown;
  is_default: boolean;
  is_secret: boolean;
}

export interface SettingsTable {
  name: string;
  changes_at: "reload" | "restart";
  settings: Setting[];
}

export interface RuleShown {
  name: string;
  over: string;
  severity: string;
  raise_when: string;
  hold_for_s: number;
  clear_when: string;
  is_shipped: boolean;
  runbook_url: string;
}

export interface NamedShown {
  name: string;
  words: string;
  is_shipped: boolean;
}

export interface RouteShown {
  depth: number;
  matchers: string;
  receivers: string[];
  continues: boolean;
}

export interface Settings {
  version: string;
  started_at_ms: number;
  loaded_at_ms: number;
  reload_error: string;
  waits_for_restart: string[];
  warnings: string[];
  configuration: {
    tables: SettingsTable[];
    rules: RuleShown[];
    receivers: NamedShown[];
    routes: RouteShown[];
    objectives: NamedShown[];
    inhibitions: NamedShown[];
    time_windows: string[];
  };
}
