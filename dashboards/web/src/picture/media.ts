// What does a recording or a composition wait for, and why did it come to nothing?

import type { Medium } from "../answers.ts";
import { plural } from "./quantity.ts";

const WAITS: Record<string, string> = {
  enqueued: "Twilio has it in its queue",
  processing: "Twilio is at work on it",
};

/** Say what an open one waits for. */
export function waitsFor({ kind, status, waiting_since_ms, times_asked }: Medium): string {
  if (kind === "recording") return "being captured as long as its track is published";
  if (status === "expected") {
    const asked = times_asked === 0 ? "Twilio has not been asked yet" : `Twilio was asked ${plural(times_asked, "time")}`;
    return `a hook should make it, and nobody has seen it; ${asked}`;
  }
  if (waiting_since_ms === null) return "its room, which goes on";
  return WAITS[status] ?? status;
}

/** Say why it came to nothing. */
export function whyFailed({ kind, error_message, failed_operation, size_bytes, sid, status }: Medium): string {
  if (status !== "failed" && size_bytes === 0) return `It is finished, and there is nothing in it: 0 bytes.`;
  const operation = failed_operation === null ? "" : ` Failed at: ${failed_operation}.`;
  if (error_message !== null && error_message !== "") return `${sentence(error_message)}${operation}`;
  if (sid === null) return `The hook could not make it.${operation} Twilio gave no reason.`;
  const how = "Only a status callback brings the reason: have Twilio call back for recordings and compositions.";
  return operation === "" ? `Twilio says that the ${kind} failed, and not why. ${how}` : operation.trim();
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** How late it is, in seconds; negative while there is time, null where nothing says when it is due. */
export function lateS({ due_at_ms }: Medium, nowMs: number): number | null {
  return due_at_ms === null ? null : (nowMs - due_at_ms) / 1000;
}

export interface Waiting {
  medium: Medium;
  /** How many recordings it stands for, and of how many people: those of one call are told together. */
  recordings: number;
  people: number;
}

function together(recordings: readonly Medium[]): Waiting | null {
  const [oldest] = [...recordings].sort((a, b) => (a.created_at_ms ?? 0) - (b.created_at_ms ?? 0));
  if (oldest === undefined) return null;
  const people = new Set(recordings.map(({ participant_sid, identity }) => participant_sid ?? identity));
  return { medium: oldest, recordings: recordings.length, people: people.size };
}

/** Return what somebody waits for, the most overdue first; the recordings of a call are one thing. */
export function waiting(media: readonly Medium[]): Waiting[] {
  const byCall = new Map<string | null, Medium[]>();
  for (const medium of media) {
    if (medium.kind === "recording") byCall.set(medium.room_sid, [...(byCall.get(medium.room_sid) ?? []), medium]);
  }
  const compositions = mostOverdueFirst(media.filter(({ kind }) => kind === "composition"));
  return [
    ...compositions.map((medium) => ({ medium, recordings: 0, people: 0 })),
    ...[...byCall.values()].flatMap((recordings) => together(recordings) ?? []),
  ];
}

/** The latest first; those that nothing says are late come last, the oldest of them first. */
export function mostOverdueFirst(media: readonly Medium[]): Medium[] {
  const due = ({ due_at_ms }: Medium) => due_at_ms ?? Number.POSITIVE_INFINITY;
  return [...media].sort((a, b) => (due(a) === due(b) ? (a.created_at_ms ?? 0) - (b.created_at_ms ?? 0) : due(a) - due(b)));
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** Say a size with no more digits than it deserves: 0 bytes, 950 bytes, 4.2 MB. */
export function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const value = size / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** What stays the same of it from one answer to the next. */
export function mediumKey({ kind, sid, room_sid, seen_at_ms }: Medium): string {
  return sid ?? `${kind} of ${room_sid ?? seen_at_ms}`;
}
