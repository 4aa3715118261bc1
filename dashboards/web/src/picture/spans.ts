// Which stretch of time does a filter mean?

const HOUR_MS = 3_600_000;

export const SPANS = [
  { key: "", words: "at any time", ms: null },
  { key: "1h", words: "in the last hour", ms: HOUR_MS },
  { key: "24h", words: "in the last 24 hours", ms: 24 * HOUR_MS },
  { key: "7d", words: "in the last 7 days", ms: 7 * 24 * HOUR_MS },
  { key: "30d", words: "in the last 30 days", ms: 30 * 24 * HOUR_MS },
  { key: "between", words: "between …", ms: null },
] as const;

type Query = Readonly<Record<string, string>>;

export interface Span {
  from: string;
  to: string;
}

/**
 * Return what the API is asked for, as milliseconds in text, empty where there is no bound.
 *
 * A span that ends now begins at a whole minute: else every look would be another question.
 */
export function spanOf(query: Query, nowMs: number): Span {
  if (query.span === "between") return { from: query.from ?? "", to: query.to ?? "" };
  const span = SPANS.find(({ key }) => key !== "" && key === query.span);
  if (span === undefined || span.ms === null) return { from: "", to: "" };
  return { from: String(Math.floor((nowMs - span.ms) / 60_000) * 60_000), to: "" };
}
