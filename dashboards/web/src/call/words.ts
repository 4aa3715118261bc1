// What is said of a call on top of its page: who, when, how long, how sure, and what if there is nothing?

import { duration } from "../picture/duration.ts";
import { plural } from "../picture/quantity.ts";
import { clock } from "./axis.ts";
import type { Lane, Story, Verdict } from "./shapes.ts";
import { type Balance, RECONNECTING, wordOf } from "./stands.ts";

/** Return what people call somebody. */
export function nameOf({ identity, participant_sid, key }: Pick<Lane, "identity" | "participant_sid" | "key">): string {
  return identity ?? participant_sid ?? key.replace(/^identity:/, "");
}

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

export function day(atMs: number): string {
  return DAY.format(atMs);
}

/** Return the name of the reader's time zone at that moment, as in GMT+1. */
export function zone(atMs: number): string {
  return ZONE.formatToParts(atMs).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Say when the call was: with the day once, unless it went on over midnight. */
export function when(fromMs: number, toMs: number | null): string {
  const began = `${day(fromMs)}, ${clock(fromMs)}`;
  if (toMs === null) return `${began} until now`;
  return day(fromMs) === day(toMs) ? `${began} – ${clock(toMs)}` : `${began} – ${day(toMs)}, ${clock(toMs)}`;
}

export function howLong(fromMs: number, toMs: number): string {
  return duration((toMs - fromMs) / 1000);
}

export type Sureness = "sure" | "fairly sure" | "not sure";

/** Say in words how sure a verdict is: every fact that stands for itself halves the doubt. */
export function sureness(confidence: number): Sureness {
  if (confidence >= 0.85) return "sure";
  return confidence >= 0.7 ? "fairly sure" : "not sure";
}

export function isNoVerdict({ cause }: Verdict): boolean {
  return cause === "not known";
}

/** Return the head above a verdict. */
export function verdictTitle(verdict: Verdict): string {
  if (isNoVerdict(verdict)) return "No verdict";
  return verdict.cause === "nothing" ? "Nothing was wrong" : "Whose fault it was";
}

const WHERE: Readonly<Record<string, string>> = {
  uplink: "what they send gets lost",
  downlink: "what they should receive gets lost on the last part of its way",
  link: "their connection",
  device: "their computer is too slow",
  publisher: "what they send reaches the others badly",
  region: "Twilio's media region",
  edge: "Twilio's edge",
  network: "one network that several people share",
  browser: "one version of a browser",
  twilio: "Twilio itself",
};

export function whereItSits({ cause }: Verdict): string {
  return WHERE[cause] ?? "";
}

/** Say what the verdict was made of. */
export function basis({ people, people_heard, other_rooms, are_other_rooms_cut, from_ms, to_ms }: Verdict): string {
  const heard = people === 0 ? "Nobody is known to have been there" : `${people_heard} of ${plural(people, "person", "people")} heard`;
  const others = other_rooms === 0 ? "no other rooms to compare with" : `${plural(other_rooms, "other room")} looked at${are_other_rooms_cut ? ", and there were more" : ""}`;
  return `${heard}; ${others}; ${clock(from_ms)} – ${clock(to_ms)}.`;
}

const WORTH_SAYING = 10; // a tenth of the time

/** Say in one line how somebody fared, for who does not look at the lane. */
export function fared({ thereMs, lowMs, idleMs, unknownMs, reconnects, worst }: Balance): string {
  if (thereMs === 0) return "nothing is known";
  const parts = [
    reconnects > 0 && `reconnected ${reconnects === 1 ? "once" : `${reconnects} times`}`,
    lowMs > 0 && worst !== RECONNECTING && `low for ${duration(lowMs / 1000)}, ${wordOf(worst)} at worst`,
    lowMs > 0 && worst === RECONNECTING && `low or away for ${duration(lowMs / 1000)}`,
    unknownMs >= thereMs / WORTH_SAYING && `unknown for ${duration(unknownMs / 1000)}`,
    idleMs >= thereMs / WORTH_SAYING && `idle for ${duration(idleMs / 1000)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? "never low" : parts.join("; ");
}

export function isOver({ ended_at_ms, status }: Pick<Story, "ended_at_ms" | "status">): boolean {
  return ended_at_ms !== null || status === "completed" || status === "failed";
}

/** A call on record of which no lane tells anything: the reader gets to know what that means. */
export function nothingMeasured(lanes: readonly Lane[]): string {
  if (lanes.length === 0) return "Nobody is known to have been in this call.";
  return lanes.every(({ samples }) => samples === 0)
    ? "Nobody's browser sent measurements: who was there is known, how they fared is not."
    : "";
}
