// How do lanes that came later join those that are shown?

import type { Column, Lane, Lanes, Span } from "./shapes.ts";

type Array_<T> = readonly T[];

/** Return `before` with `after` in the place of steps `at` and following; what lies between is unknown. */
function spliced<T>(before: Array_<T | null>, after: Array_<T | null>, at: number, steps: number): (T | null)[] {
  const merged = new Array<T | null>(steps).fill(null);
  for (let i = 0; i < before.length && i < steps; i += 1) merged[i] = before[i] ?? null;
  for (let i = 0; i < after.length && at + i < steps; i += 1) if (at + i >= 0) merged[at + i] = after[i] ?? null;
  return merged;
}

/** Return the spans outside the new ones' time as they were, then the new ones; what goes on is one. */
export function joinedSpans(before: Array_<Span>, after: Array_<Span>, fromMs: number, toMs: number): Span[] {
  const left = before.filter(({ from_ms }) => from_ms < fromMs).map((span) => ({ ...span, to_ms: Math.min(span.to_ms, fromMs) }));
  const right = before.filter(({ to_ms }) => to_ms > toMs).map((span) => ({ ...span, from_ms: Math.max(span.from_ms, toMs) }));
  const joined: Span[] = [];
  for (const span of [...left, ...after, ...right]) {
    const last = joined[joined.length - 1];
    if (last !== undefined && last.status === span.status && last.to_ms >= span.from_ms) {
      joined[joined.length - 1] = { ...last, to_ms: Math.max(last.to_ms, span.to_ms) };
    } else joined.push(span);
  }
  return joined;
}

function nobody(lane: Lane): Lane {
  return { ...lane, samples: 0, level: [], score: [], idle: [], columns: {}, spans: [] };
}

function mergedColumns(known: Lane, news: Lane, at: number, steps: number): Record<string, Column> {
  const names = new Set([...Object.keys(known.columns), ...Object.keys(news.columns)]);
  return Object.fromEntries([...names].map((name) => [name, spliced(known.columns[name] ?? [], news.columns[name] ?? [], at, steps)]));
}

function mergedLane(known: Lane, news: Lane, at: number, steps: number, fromMs: number, toMs: number): Lane {
  return {
    ...known,
    identity: news.identity ?? known.identity,
    joined_at_ms: news.joined_at_ms ?? known.joined_at_ms,
    left_at_ms: news.left_at_ms,
    client: { ...known.client, ...news.client },
    every_ms: news.every_ms ?? known.every_ms,
    level: spliced(known.level, news.level, at, steps),
    score: spliced(known.score, news.score, at, steps),
    idle: spliced(known.idle, news.idle, at, steps),
    columns: mergedColumns(known, news, at, steps),
    spans: joinedSpans(known.spans, news.spans, fromMs, toMs),
  };
}

/** Return the lanes with the steps of `news` in the place of what was there; null if the two do not fit together. */
export function withSteps(known: Lanes, news: Lanes): Lanes | null {
  const at = (news.from_ms - known.from_ms) / known.step_ms;
  if (news.step_ms !== known.step_ms || !Number.isInteger(at) || at < 0) return null;
  const steps = Math.max(known.steps, at + news.steps);
  const toMs = news.from_ms + news.steps * news.step_ms;
  const told = new Map(news.lanes.map((lane) => [lane.key, lane]));
  const merge = (lane: Lane, add: Lane) => mergedLane(lane, add, at, steps, news.from_ms, toMs);
  const lanes = known.lanes.map((lane) => {
    const add = told.get(lane.key);
    told.delete(lane.key);
    return add === undefined ? lane : merge(lane, add);
  });
  return { ...known, steps, lanes: [...lanes, ...[...told.values()].map((lane) => merge(nobody(lane), lane))] };
}

export function endOf({ from_ms, steps, step_ms }: Pick<Lanes, "from_ms" | "steps" | "step_ms">): number {
  return from_ms + steps * step_ms;
}
