// What does a moment look like on the reader's clock, and in a field that asks for one?

const two = (n: number) => String(n).padStart(2, "0");

/** Write a moment as `<input type="datetime-local" step="1">` has it. */
export function fieldOf(atMs: number): string {
  const at = new Date(atMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Return the moment that such a field holds, null if it holds none. */
export function momentOf(field: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(field)) return null;
  const atMs = new Date(field).getTime(); // without a zone it is read as the reader's
  return Number.isNaN(atMs) ? null : atMs;
}

/** Whether two moments are of the same day, on the reader's clock. */
export function isSameDay(atMs: number, otherMs: number): boolean {
  return new Date(atMs).toDateString() === new Date(otherMs).toDateString();
}

/** Return the name of the reader's zone, such as Europe/Berlin. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
