// What happened in the call, as sentences: which of them does the reader want?

import { isTrouble } from "./marks.ts";
import type { Entry, MissingInput } from "./shapes.ts";

export interface Group {
  id: string;
  name: string;
  kinds: readonly string[];
  /** Whether it is shown unless the reader says otherwise; what repeats itself a hundred times is not. */
  isShown: boolean;
}

export const GROUPS: readonly Group[] = [
  { id: "presence", name: "Coming and going", kinds: ["room", "joined", "left"], isShown: true },
  { id: "connection", name: "Connection lost or refused", kinds: ["reconnecting", "disconnected", "refused"], isShown: true },
  { id: "alerts", name: "Alerts", kinds: ["alert"], isShown: true },
  { id: "tracks", name: "Tracks and devices", kinds: ["track", "switched_off", "device"], isShown: true },
  { id: "feedback", name: "What people said", kinds: ["feedback", "preflight"], isShown: true },
  { id: "media", name: "Recordings and compositions", kinds: ["recording", "composition"], isShown: true },
  { id: "speaker", name: "Who spoke", kinds: ["speaker"], isShown: false },
  { id: "callbacks", name: "Callbacks", kinds: ["callback"], isShown: false },
];

export interface Wanted {
  /** The key of a participant, or empty for everybody. */
  key: string;
  groups: ReadonlySet<string>;
  isTroubleOnly: boolean;
}

export function everything(): Wanted {
  return { key: "", groups: new Set(GROUPS.filter(({ isShown }) => isShown).map(({ id }) => id)), isTroubleOnly: false };
}

/** Return the group of an entry; what nobody foresaw belongs to coming and going, and is shown. */
export function groupOf({ kind }: Entry): string {
  return GROUPS.find(({ kinds }) => kinds.includes(kind))?.id ?? "presence";
}

export function wantedEntries(entries: readonly Entry[], { key, groups, isTroubleOnly }: Wanted): Entry[] {
  return entries.filter(
    (entry) =>
      (key === "" || entry.key === key) && groups.has(groupOf(entry)) && (!isTroubleOnly || isTrouble(entry)),
  );
}

/** Return how many entries there are of each group. */
export function counts(entries: readonly Entry[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of entries) found.set(groupOf(entry), (found.get(groupOf(entry)) ?? 0) + 1);
  return found;
}

/** Return the entries with `news` among them: of one `id` the later word counts. */
export function withNews(entries: readonly Entry[], news: readonly Entry[]): Entry[] {
  if (news.length === 0) return [...entries];
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  for (const entry of news) known.set(entry.id, entry);
  return [...known.values()].sort((a, b) => a.at_ms - b.at_ms);
}

export interface Incident {
  id: string;
  rules: string[];
  severity: string;
  atMs: number;
  untilMs: number | null;
  words: string;
}

const SEVERITIES = ["critical", "warning", "info"];

/** Return the incidents that alerts of this call belonged to, as they began. */
export function incidents(entries: readonly Entry[]): Incident[] {
  const found = new Map<string, Incident>();
  for (const { alert, at_ms, until_ms, words } of entries) {
    if (!alert?.incident) continue;
    const known = found.get(alert.incident);
    const untilMs = until_ms ?? null;
    if (known === undefined) {
      const { incident: id, rule, severity } = alert;
      found.set(id, { id, rules: [rule], severity, atMs: at_ms, untilMs, words });
      continue;
    }
    if (!known.rules.includes(alert.rule)) known.rules.push(alert.rule);
    if (SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(known.severity)) known.severity = alert.severity;
    known.untilMs = known.untilMs === null || untilMs === null ? null : Math.max(known.untilMs, untilMs);
  }
  return [...found.values()];
}

/** What is missing of everybody together, said once for all whom it concerns. */
export interface Gap {
  words: string[];
  remedy: string;
  docs: string;
}

export function gaps(missing: readonly MissingInput[]): Gap[] {
  const found = new Map<string, Gap>();
  for (const { input, words, remedy, docs } of missing) {
    const key = `${input}\n${remedy}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { words: [words], remedy, docs });
    else known.words.push(words);
  }
  return [...found.values()];
}
