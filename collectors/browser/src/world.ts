// What does the SDK need of the page that it runs in?  This is the seam where a test puts its own clock and page.

export interface World {
  now(): number;
  random(): number;
  /** Do `work` in `ms`; returns how to call that off. */
  after(ms: number, work: () => void): () => void;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Outlives a reload, but not the tab: what was said in a call is gone with it.  Throws where it is forbidden. */
  readonly storage: Storage;
  /** Do `work` whenever this may be the page's last moment; returns how to call that off. */
  onLeave(work: () => void): () => void;
}

interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
}

/** What the browser knows of itself; not every browser knows its network. */
export const browser: Partial<Navigator> & { connection?: NetworkInformation } = globalThis.navigator ?? {};

/** Call `listener` on these events, where there is such a target; returns how to stop that. */
export function listenTo(target: EventTarget | undefined | null, event: string, listener: () => void): () => void {
  target?.addEventListener?.(event, listener);
  return () => target?.removeEventListener?.(event, listener);
}

export const page: World = {
  now: Date.now,
  random: Math.random,
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  fetch: (url, init) => fetch(url, init),
  get storage() {
    return sessionStorage;
  },
  onLeave(work) {
    const hidden = listenTo(document, "visibilitychange", () => {
      if (document.hidden) work(); // on phones there is no later moment
    });
    const left = listenTo(globalThis, "pagehide", work);
    return () => {
      hidden();
      left();
    };
  },
};
