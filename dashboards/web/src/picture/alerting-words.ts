// How do the parts of alerting stand, in words and in a tone?

import type { Incident } from "../api/incidents.ts";
import type { Attempt, Notification, NotificationState, Receiver } from "../api/notifications.ts";
import type { Silence } from "../api/silences.ts";
import { age, duration } from "./duration.ts";
import { plural } from "./quantity.ts";

export type Tone = "good" | "bad" | "poor" | "none";

export interface Standing {
  word: string;
  tone: Tone;
}

const VIA: Record<string, string> = {
  api: "here or through the API",
  link: "through a link",
  sms: "by text message",
  voice: "during a call",
  command: "on the command line",
};

/** Say who looks after an incident. */
export function care(incident: Incident): Standing {
  const { acknowledged_by, acknowledged_via, is_open } = incident;
  if (acknowledged_by !== "") {
    if (acknowledged_via === "") return { word: acknowledged_by, tone: "good" };
    const via = VIA[acknowledged_via] ?? `in ${acknowledged_via}`;
    return { word: `${acknowledged_by}, ${via}`, tone: "good" };
  }
  return is_open ? { word: "nobody looks after it yet", tone: "bad" } : { word: "nobody said that they looked after it", tone: "none" };
}

/** Take a summary apart into what is wrong and what is behind it, which the daemon writes after it. */
export function headline({ summary, cause }: Pick<Incident, "summary" | "cause">): { what: string; why: string } {
  if (cause === "" || !summary.endsWith(` ${cause}`)) return { what: summary, why: "" };
  return { what: summary.slice(0, -cause.length - 1), why: cause };
}

/** Say the same in few words. */
export function carer(incident: Incident): Standing {
  if (incident.acknowledged_by !== "") return { word: incident.acknowledged_by, tone: "good" };
  return { word: "nobody", tone: incident.is_open ? "bad" : "none" };
}

/** Say who was told of an open incident, and who is next. */
export function ladder({ escalation }: Incident, nowMs: number): string {
  if (escalation === null) return "";
  const { receivers, next_step_at_ms, steps_taken, steps, unreached } = escalation;
  const told = receivers.length === 0 ? "nobody has been told" : `told: ${receivers.join(", ")}`;
  const missed = unreached === "" ? "" : `; ${unreached} was not reached`;
  if (next_step_at_ms === null) return `${told}${missed}`;
  const soon = next_step_at_ms <= nowMs ? "now" : `in ${duration((next_step_at_ms - nowMs) / 1000)}`;
  return `${told}${missed}; step ${steps_taken + 1} of ${steps} ${soon}`;
}

const NOTIFICATION: Record<NotificationState, Standing> = {
  waiting: { word: "waiting", tone: "poor" },
  delivered: { word: "delivered", tone: "good" },
  dead: { word: "given up", tone: "bad" },
  cancelled: { word: "not needed any more", tone: "none" },
  superseded: { word: "overtaken by a later one", tone: "none" },
};

export function notificationStanding(state: NotificationState): Standing {
  return NOTIFICATION[state];
}

const KIND: Record<Notification["kind"], string> = {
  trigger: "it is there",
  update: "it has changed",
  repeat: "it is there still",
  acknowledge: "somebody looks after it",
  resolve: "it is over",
};

export function kindWords(kind: Notification["kind"]): string {
  return KIND[kind];
}

const OUTCOME: Record<Attempt["outcome"], Standing> = {
  delivered: { word: "delivered", tone: "good" },
  rejected: { word: "refused", tone: "bad" },
  unavailable: { word: "not taken", tone: "poor" },
  unknown: { word: "nobody knows whether it arrived", tone: "poor" },
};

export function outcomeStanding(outcome: Attempt["outcome"]): Standing {
  return OUTCOME[outcome];
}

/** Say what an attempt came to. */
export function attemptWords({ outcome, status, error, duration_ms }: Attempt): string {
  const took = duration_ms < 1000 ? `${Math.round(duration_ms)} ms` : `${(duration_ms / 1000).toFixed(1)} s`;
  const answer = status !== "" ? `answered ${status}` : "";
  const why = error !== "" && error !== answer ? error : "";
  return [OUTCOME[outcome].word, `after ${took}`, answer, why].filter(Boolean).join(", ");
}

export function receiverStanding(receiver: Receiver, nowMs: number): Standing {
  const { circuit, waiting, oldest_waiting_at_ms, last_success_at_ms, last_failure_at_ms, is_used } = receiver;
  if (circuit === "open") return { word: "does not answer; asked seldom until it does", tone: "bad" };
  if (circuit === "half_open") return { word: "did not answer; being tried again", tone: "poor" };
  if ((last_failure_at_ms ?? 0) > (last_success_at_ms ?? 0)) return { word: "did not take the last one", tone: "bad" };
  if (waiting > 0 && oldest_waiting_at_ms !== null && nowMs - oldest_waiting_at_ms > 60_000) {
    return { word: `${plural(waiting, "notification")} waiting for ${age(oldest_waiting_at_ms, nowMs)}`, tone: "poor" };
  }
  if (last_success_at_ms === null) return { word: is_used ? "never tried" : "never tried, and no route leads to it", tone: "none" };
  return is_used ? { word: "works", tone: "good" } : { word: "works, but no route leads to it", tone: "none" };
}

/** Say how much of a silence there is still to come. */
export function silenceTime({ state, starts_at_ms, ends_at_ms, ended_by }: Silence, nowMs: number): string {
  const length = duration((ends_at_ms - starts_at_ms) / 1000);
  if (state === "active") return `for another ${duration((ends_at_ms - nowMs) / 1000)}`;
  if (state === "pending") return `in ${duration((starts_at_ms - nowMs) / 1000)}, for ${length}`;
  return ended_by === "" ? `lasted ${length}` : `ended by ${ended_by} after ${length}`;
}

/** Say what a silence does at present. */
export function silenceEffect({ state, mutes }: Silence): string {
  if (state === "pending") return "mutes nothing yet";
  if (state === "expired" || mutes === null) return "";
  return mutes === 0 ? "nothing that fires now" : `mutes ${plural(mutes, "alert")} now`;
}
