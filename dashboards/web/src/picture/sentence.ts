// What is in a sentence of the daemon's that deserves more than words: moments, and incidents one can go to.

const NAMED = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC|\b(i1-[0-9a-f]+)\b/g;

export type Part = string | { atMs: number } | { incident: string };

function named([, day, time, incident = ""]: RegExpMatchArray): Part {
  return day === undefined ? { incident } : { atMs: Date.parse(`${day}T${time}Z`) };
}

/** Take a sentence apart. */
export function partsOf(sentence: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of sentence.matchAll(NAMED)) {
    if (match.index > from) parts.push(sentence.slice(from, match.index));
    parts.push(named(match));
    from = match.index + match[0].length;
  }
  if (from < sentence.length) parts.push(sentence.slice(from));
  return parts;
}
