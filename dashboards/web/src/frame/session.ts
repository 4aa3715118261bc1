// Who looks, and what may they do?
//
// The daemon decides; the pages only leave out what it would refuse.

import { createContext } from "preact";
import { useContext } from "preact/hooks";

export type Role = "viewer" | "operator" | "admin";

export interface Session {
  name: string;
  role: Role;
  /** How one was let in; only a session and a proxy have a way out. */
  way: "session" | "proxy" | "token" | "open";
  expires_at_ms: number | null;
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export const SessionContext = createContext<Session | null>(null);

/** Whether whoever looks may do what `role` may; somebody not known yet may not. */
export function mayAct(session: Session | null, role: Role): boolean {
  return session !== null && RANK[session.role] >= RANK[role];
}

/** Return whether whoever looks may do what `role` may. */
export function useMay(role: Role): boolean {
  return mayAct(useContext(SessionContext), role);
}
