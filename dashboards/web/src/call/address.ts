// What does the address of a call say: whom, and when?

import type { Lane } from "./shapes.ts";

export interface Pointed {
  atMs: number | null;
  participant: string;
  and: string;
}

type Query = Readonly<Record<string, string>>;

export function pointed(query: Query): Pointed {
  const at = query.at ?? "";
  return { atMs: /^\d{1,15}$/.test(at) ? Number(at) : null, participant: query.participant ?? "", and: query.and ?? "" };
}

/** Return the address of a page with what it points at; what points at nothing is left out. */
export function addressOf(path: string, { atMs, participant, and }: Pointed): string {
  const said = [
    atMs === null ? "" : `at=${Math.round(atMs)}`,
    participant === "" ? "" : `participant=${encodeURIComponent(participant)}`,
    and === "" ? "" : `and=${encodeURIComponent(and)}`,
  ].filter(Boolean);
  return said.length === 0 ? path : `${path}?${said.join("&")}`;
}

/** Return the lane that is meant by a SID, a key or an identity; of several stays of one identity the last. */
export function laneMeant(lanes: readonly Lane[], asked: string): Lane | null {
  if (asked === "") return null;
  const isMeant = ({ key, participant_sid, identity }: Lane) => [key, participant_sid, identity].includes(asked);
  return lanes.filter(isMeant).at(-1) ?? null;
}

const SHARED = /^\/shared\/([^/]+)\/?$/;

/** Return the token in the address of a shared call, or null if the address is another. */
export function sharedToken(path: string): string | null {
  return SHARED.exec(path)?.[1] ?? null;
}
