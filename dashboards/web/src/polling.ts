// When is the daemon asked again?
//
// Every two seconds while somebody looks, never while the tab is hidden, and ever more rarely while nobody answers.

import type { Picture } from "./api.ts";

const LIVE_URL = "/api/v1/live";
const INTERVAL_MS = 2_000;
const LONGEST_INTERVAL_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** Return how long to wait after `failures` failures in a row. */
export function delayMs(failures: number): number {
  return Math.min(LONGEST_INTERVAL_MS, INTERVAL_MS * 2 ** failures);
}

export interface Listener {
  picture(picture: Picture): void;
  lost(): void;
}

async function fetchPicture(): Promise<Picture | "login"> {
  const response = await fetch(LIVE_URL, {
    headers: { accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 401) return "login";
  if (!response.ok) throw new Error(`expected 200 from ${LIVE_URL}, got ${response.status}`);
  return (await response.json()) as Picture;
}

/** Wait until somebody looks. */
export function becomesVisible(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/** Wait for `ms`, or for the reader's return: a picture that went stale behind another tab should not wait longer. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    document.addEventListener("visibilitychange", done);
  });
}

/** Load the page anew, but not in a frenzy should something in between keep serving the page without a session. */
export async function reloadSoon(): Promise<void> {
  await pause(INTERVAL_MS);
  location.reload();
}

/** Tell `listener` of every picture until the session ends; then load the page anew, which brings the login. */
export async function poll(listener: Listener): Promise<void> {
  let failures = 0;
  for (;;) {
    await becomesVisible();
    try {
      const answer = await fetchPicture();
      if (answer === "login") return await reloadSoon();
      listener.picture(answer);
      failures = 0;
    } catch (error) {
      console.warn(error);
      listener.lost();
      failures += 1;
    }
    await pause(delayMs(failures));
  }
}
