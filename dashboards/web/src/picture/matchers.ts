// Which alerts does a silence mean?  Matchers, as text and as what a form holds.
//
// The text is the daemon's own (`alerts/matchers.py`): label, operator, quoted value.  The daemon alone decides whether
// one makes sense; here is only what it takes to fill a form from a link and to make a request of a form.

export const OPERATORS = ["=", "!=", "=~", "!~"] as const;

export type Operator = (typeof OPERATORS)[number];

export const OPERATOR_WORDS: Record<Operator, string> = {
  "=": "is",
  "!=": "is not",
  "=~": "matches",
  "!~": "matches not",
};

export interface Matcher {
  name: string;
  operator: Operator;
  value: string;
}

const ONE = /\s*([^\s=!~,"{}]+)\s*(=~|!~|!=|=)\s*(?:"((?:\\.|[^"\\])*)"\s*|([^",=]*))(?:,\s*|$)/suy;
const ESCAPES: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

export function written({ name, operator, value }: Matcher): string {
  return `${name.trim()}${operator}"${value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)}"`;
}

function unescaped(quoted: string): string {
  return quoted.replace(/\\([\\"n])/g, (_, character: string) => (character === "n" ? "\n" : character));
}

/** Return the matchers of a text such as `severity="critical", room_name=~"class-.*"`, null if it cannot be read. */
export function readMatchers(text: string): Matcher[] | null {
  const inside = text.trim().replace(/^\{(.*)\}$/s, "$1");
  const found: Matcher[] = [];
  for (ONE.lastIndex = 0; ONE.lastIndex < inside.length; ) {
    const match = ONE.exec(inside);
    if (match === null) return null;
    const [, name = "", operator, quoted, bare = ""] = match;
    found.push({ name, operator: operator as Operator, value: quoted === undefined ? bare.trim() : unescaped(quoted) });
  }
  return found;
}

/** Labels that say whom an alert is about, the narrowest first: what one would silence of it. */
const NARROWING = ["room_name", "room", "account", "region", "tenant"] as const;

/** Return matchers that mean an alert and its like: the same rule, about the same room or whatever it has. */
export function matchersFor(labels: Readonly<Record<string, string>>): Matcher[] {
  const narrow = NARROWING.find((name) => labels[name]);
  return ["alertname", ...(narrow === undefined ? [] : [narrow])]
    .filter((name) => labels[name])
    .map((name) => ({ name, operator: "=", value: labels[name] ?? "" }));
}

/** Whether there is anything in a row of the form yet. */
export function isBegun({ name, value }: Matcher): boolean {
  return name.trim() !== "" || value !== "";
}
