// What does a network quality level say?
//
// Twilio's level is 0 to 5.  Two answers are no level at all: a participant that neither sends nor receives is idle
// (Twilio then says 5, which is praise for nothing), and one that nobody has spoken of is unknown.

import type { Participant } from "../api.ts";

export const LEVEL_WORDS = ["broken", "bad", "below average", "average", "good", "excellent"] as const;

export type Tone = "bad" | "poor" | "fair" | "good" | "none";

const TONES: readonly Tone[] = ["bad", "bad", "poor", "fair", "good", "good"];

export interface Quality {
  /** 0 to 5, or null where there is no level to speak of. */
  level: number | null;
  word: string;
  tone: Tone;
}

export function quality(participant: Pick<Participant, "level" | "idle" | "status">): Quality {
  if (participant.status === "disconnected") return { level: null, word: "left", tone: "none" };
  if (participant.idle) return { level: null, word: "idle", tone: "none" };
  const word = LEVEL_WORDS[participant.level ?? -1];
  if (participant.level === null || word === undefined) return { level: null, word: "unknown", tone: "none" };
  return { level: participant.level, word, tone: TONES[participant.level] ?? "none" };
}
