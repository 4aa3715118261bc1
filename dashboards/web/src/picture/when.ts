// When was that, on the reader's clock?  And what does a field for a time hold?

const DAY_MS = 86_400_000;

const two = (n: number): string => String(n).padStart(2, "0");

function clock(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

function midnight(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}

/** Say a moment as shortly as it is clear: today 14:05, yesterday 09:30, Tue 4 Nov 12:00, 4 Nov 2025 12:00. */
export function when(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const days = Math.round((midnight(nowMs) - midnight(atMs)) / DAY_MS);
  if (days === 0) return `today ${clock(at)}`;
  if (days === 1) return `yesterday ${clock(at)}`;
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return `${(isThisYear ? DAY : DAY_AND_YEAR).format(at)} ${clock(at)}`;
}

/** Return what a `datetime-local` field shows for a moment; nothing where there is none. */
export function asField(atMs: number | null): string {
  if (atMs === null) return "";
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
}

/** Return the moment that such a field means, or null where it holds none. */
export function fromField(text: string): number | null {
  const at = text === "" ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(at) ? null : at;
}

/** Return the moment that an address names by its milliseconds, or null. */
export function fromAddress(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
