// What is worth saying aloud to somebody who listens to this page?
//
// Ages tick with every refresh, so the visible list would chatter.  A screen reader hears the news only: an alert that
// began to fire, an alert that was resolved.

import type { Picture } from "../api.ts";

export function announcement(before: Picture | null, after: Picture): string {
  const known = new Set(before?.alerts.filter(({ state }) => state === "firing").map(({ fingerprint }) => fingerprint));
  const fired = after.alerts
    .filter(({ state, fingerprint }) => state === "firing" && !known.has(fingerprint))
    .map(({ severity, summary }) => `${severity} alert: ${summary}.`);
  const resolved = after.resolved
    .filter(({ fingerprint }) => known.has(fingerprint) && !isFiring(after, fingerprint))
    .map(({ summary }) => `Resolved: ${summary}.`);
  return [...fired, ...resolved].join(" ");
}

function isFiring(picture: Picture, fingerprint: string): boolean {
  return picture.alerts.some((alert) => alert.fingerprint === fingerprint && alert.state === "firing");
}
