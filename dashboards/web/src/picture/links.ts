// Where does one go from here?  The addresses of calls, people in them and incidents.

interface Moment {
  atMs?: number | null;
  participantSid?: string | null;
}

/** Return the address of a call's page, at a moment and with somebody picked out, as far as those are known. */
export function callHref(room: string, { atMs = null, participantSid = null }: Moment = {}): string {
  const asked = new URLSearchParams();
  if (atMs !== null) asked.set("at", String(Math.round(atMs)));
  if (participantSid !== null) asked.set("participant", participantSid);
  const query = asked.toString();
  return `/rooms/${encodeURIComponent(room)}${query === "" ? "" : `?${query}`}`;
}

export function incidentHref(incident: string): string {
  return `/incidents/${encodeURIComponent(incident)}`;
}

/** Return the SID of the participant that an alert's entity names, which is the room's key and theirs with a slash. */
export function participantOf(entity: string): string | null {
  const sid = entity.slice(entity.lastIndexOf("/") + 1);
  return /^PA[0-9a-f]{32}$/.test(sid) ? sid : null;
}
