// How does a page ask the daemon, and what does it know when the daemon refuses or is away?
//
// A page says which address it shows; it gets the last answer there was, and in words what is wrong with it.  Nothing is
// asked while the tab is hidden.

import { useCallback, useEffect, useState } from "preact/hooks";
import { becomesVisible, delayMs, pause, reloadSoon } from "../polling.ts";

const TIMEOUT_MS = 20_000;
const CHANGES = { "Content-Type": "application/json" };

/** The daemon answered, and the answer is no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    words: string,
  ) {
    super(words);
  }
}

export interface Answer<T> {
  /** The last answer there was; null as long as there was none. */
  value: T | null;
  /** What is wrong with the last question, in words; empty when nothing is. */
  trouble: string;
  /** The status with which it was refused, or 0. */
  refused: number;
  /** Ask anew, now. */
  again: () => void;
}

function words(body: unknown, status: number): string {
  const { detail, error } = (body ?? {}) as { detail?: unknown; error?: unknown };
  if (typeof detail === "string" && detail !== "") return detail;
  return typeof error === "string" && error !== "" ? error : `Roomwatch answered ${status}.`;
}

async function decoded(response: Response): Promise<unknown> {
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return null;
  return response.json().catch(() => null);
}

async function exchange(url: string, init: RequestInit): Promise<unknown> {
  const { signal } = init;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, {
    ...init,
    headers: { Accept: "application/json", ...init.headers },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  const body = await decoded(response);
  if (!response.ok) throw new Refused(response.status, words(body, response.status));
  return body;
}

/** Return what is at `url`.  Throws `Refused`, or whatever `fetch` throws when nobody answers. */
export async function ask<T>(url: string, signal?: AbortSignal): Promise<T> {
  return (await exchange(url, { cache: "no-cache", ...(signal && { signal }) })) as T;
}

/** Have something changed; return what the daemon says about it.  Throws as `ask` does. */
export async function tell<T>(method: "POST" | "PUT" | "DELETE", url: string, body?: unknown): Promise<T> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: CHANGES };
  return (await exchange(url, { method, ...sent })) as T;
}

/** Return what is wrong, as a sentence for whoever looks at the page. */
export function inWords(error: unknown): string {
  return error instanceof Refused ? error.message : "Roomwatch does not answer.";
}

interface Known<T> {
  url: string | null;
  value: T | null;
  trouble: string;
  refused: number;
}

/**
 * Ask for `url` and go on asking every `everyMs`; null asks for nothing.
 *
 * A new address forgets the answer to the one before.  Whoever is not logged in any more gets the login.
 */
export function useAnswer<T>(url: string | null, { everyMs = 0 }: { everyMs?: number } = {}): Answer<T> {
  const [known, setKnown] = useState<Known<T>>({ url, value: null, trouble: "", refused: 0 });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (url === null) return;
    const ended = new AbortController();
    void keepAsking<T>(url, everyMs, ended.signal, setKnown);
    return () => ended.abort();
  }, [url, everyMs, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const { value, trouble, refused } = known.url === url ? known : { value: null, trouble: "", refused: 0 };
  return { value, trouble, refused, again };
}

async function keepAsking<T>(
  url: string,
  everyMs: number,
  ended: AbortSignal,
  learn: (next: (before: Known<T>) => Known<T>) => void,
): Promise<void> {
  for (let failures = 0; !ended.aborted; ) {
    await becomesVisible();
    try {
      const value = await ask<T>(url, ended);
      if (!ended.aborted) learn(() => ({ url, value, trouble: "", refused: 0 }));
      failures = 0;
    } catch (error) {
      if (ended.aborted) return;
      const refused = error instanceof Refused ? error.status : 0;
      if (refused === 401) return reloadSoon();
      const trouble = inWords(error);
      learn((before) => ({ url, value: before.url === url ? before.value : null, trouble, refused }));
      if (refused >= 400 && refused < 500 && refused !== 429) return;
      failures += 1;
    }
    if (everyMs === 0 && failures === 0) return;
    await pause(failures === 0 ? everyMs : delayMs(failures));
  }
}
