// Where is the page about that?

type Asked = Readonly<Record<string, string | number | null | undefined>>;

/** Return an address with a query; what is empty is left out. */
export function address(path: string, asked: Asked = {}): string {
  const query = Object.entries(asked)
    .filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
}

export function incidentAddress(id: string): string {
  return `/incidents/${encodeURIComponent(id)}`;
}

interface InCall {
  room_sid: string | null;
  participant_sid?: string | null;
}

/** Return where a call is shown at a moment, with the person it is about in sight; null where no call is known. */
export function callAddress({ room_sid, participant_sid }: InCall, atMs: number | null): string | null {
  if (room_sid === null) return null;
  return address(`/rooms/${encodeURIComponent(room_sid)}`, { at: atMs, participant: participant_sid });
}

/** A runbook that the configuration gives as an address is a link; a path is only a place in somebody's documentation. */
export function isLink(url: string): boolean {
  return /^https?:\/\//.test(url);
}

/** Where a runbook can be read, or null: the shipped ones, which rules call by their path in the manual, are pages here. */
export function runbookAddress(url: string): string | null {
  const shipped = /^docs\/runbooks\/(\w+)\.md$/.exec(url)?.[1];
  return shipped === undefined ? (isLink(url) ? url : null) : `/runbooks/${shipped}`;
}
