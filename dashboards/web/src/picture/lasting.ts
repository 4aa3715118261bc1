// How long is "2h", "90 min" or "1 d 12 h", as people type it?

const UNITS_MS: Record<string, number> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};
const PART = /(\d+(?:[.,]\d+)?)\s*(days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s)\s*/giy;

/** Return the milliseconds that a text stands for, null if it says no duration. */
export function readLasting(text: string): number | null {
  const typed = text.trim();
  let ms = 0;
  for (PART.lastIndex = 0; PART.lastIndex < typed.length; ) {
    const match = PART.exec(typed);
    if (match === null) return null;
    const [, number = "", unit = ""] = match;
    ms += Number(number.replace(",", ".")) * (UNITS_MS[unit.charAt(0).toLowerCase()] ?? 0);
  }
  return ms > 0 ? Math.round(ms) : null;
}

/** Write a duration as one would type it: 1d12h, 2h, 90s. */
export function writtenLasting(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1000) * 1000);
  let text = "";
  for (const [unit, unitMs] of Object.entries(UNITS_MS)) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text || "0s";
}
