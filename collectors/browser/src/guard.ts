// How is the application kept out of our troubles?  Whatever calls us calls through `guarded`.

/** Return `work` in a form that never throws and never rejects: telemetry may fail, a call must not. */
export function guarded<A extends unknown[]>(work: (...args: A) => unknown): (...args: A) => void {
  return async (...args) => {
    try {
      await work(...args);
    } catch {}
  };
}
