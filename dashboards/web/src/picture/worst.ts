// Who needs help first?
//
// A rank is a small number, the smaller the worse, and it changes only when a state changes: measured values take no
// part, so rows keep their places from one refresh to the next unless something happened.

import type { Alert, Participant, Room, Severity } from "../api.ts";
import { quality } from "./level.ts";

const RECONNECTING = -1; // no media at all: worse than the level 0 that comes with it
const UNKNOWN = 3.5; // worth a look before those who are known to be well
const IDLE = 6;
const LEFT = 7;
const NOBODY = 8;

const SEVERITY_RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };
const NO_ALERT = 3;

export function participantRank(participant: Participant): number {
  if (participant.status === "reconnecting") return RECONNECTING;
  if (participant.status === "disconnected") return LEFT;
  if (participant.idle) return IDLE;
  return quality(participant).level ?? UNKNOWN;
}

export function roomRank(room: Room): number {
  return room.participants.reduce((worst, participant) => Math.min(worst, participantRank(participant)), NOBODY);
}

function alertRanks(alerts: readonly Alert[]): Map<string | null, number> {
  const ranks = new Map<string | null, number>();
  for (const { state, room_sid, severity } of alerts) {
    if (state !== "firing" || room_sid === null) continue;
    ranks.set(room_sid, Math.min(SEVERITY_RANK[severity], ranks.get(room_sid) ?? NO_ALERT));
  }
  return ranks;
}

function byText(a: string | null, b: string | null): number {
  return (a ?? "").localeCompare(b ?? "");
}

export function participantsWorstFirst(participants: readonly Participant[]): Participant[] {
  return [...participants].sort(
    (a, b) =>
      participantRank(a) - participantRank(b) ||
      byText(a.identity, b.identity) ||
      byText(a.participant_sid, b.participant_sid),
  );
}

export function roomsWorstFirst(rooms: readonly Room[], alerts: readonly Alert[]): Room[] {
  const fired = alertRanks(alerts);
  const ranked = rooms.map((room) => ({ room, rank: roomRank(room), alert: fired.get(room.room_sid) ?? NO_ALERT }));
  ranked.sort(
    (a, b) =>
      a.rank - b.rank ||
      a.alert - b.alert ||
      (b.room.degraded_ratio ?? 0) - (a.room.degraded_ratio ?? 0) ||
      byText(a.room.room_name, b.room.room_name) ||
      byText(a.room.room_sid, b.room.room_sid),
  );
  return ranked.map(({ room }) => room);
}

export function alertsWorstFirst(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort(
    (a, b) =>
      Number(a.state === "pending") - Number(b.state === "pending") ||
      SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] ||
      a.since_ms - b.since_ms ||
      byText(a.fingerprint, b.fingerprint),
  );
}

/** Whether somebody in the room is cut off or at level 2 or below. */
export function isInTrouble(room: Room): boolean {
  return roomRank(room) <= 2;
}
