// Are our own eyes open?
//
// A quiet picture can mean that all is well or that nobody is looking.  These say which.

import type { Picture, TwilioSource } from "../api.ts";
import { age } from "./duration.ts";

export type Health = "ok" | "stale" | "failing" | "waiting";

export interface Freshness {
  health: Health;
  words: string;
}

/** A browser posts every ten seconds or so; past this several posts in a row are missing. */
export const TELEMETRY_STALE_AFTER_MS = 45_000;

/** Within the beat of ordinary posts an exact age would only flicker, once per row and refresh. */
const JUST_NOW_MS = 15_000;

export function heardWords(heardAtMs: number, nowMs: number): string {
  return nowMs - heardAtMs <= JUST_NOW_MS ? "just now" : `${age(heardAtMs, nowMs)} ago`;
}

export function isSilent(heardAtMs: number | null, nowMs: number): boolean {
  return heardAtMs !== null && nowMs - heardAtMs > TELEMETRY_STALE_AFTER_MS;
}

export function sourceFreshness(source: TwilioSource, nowMs: number): Freshness {
  const last = source.last_success_ms === null ? "never answered" : `last answer ${age(source.last_success_ms, nowMs)} ago`;
  if (!source.ok) return { health: "failing", words: source.error === "" ? last : `${last}: ${source.error}` };
  if (source.last_success_ms === null) return { health: "waiting", words: "not asked yet" };
  const isStale = nowMs - source.last_success_ms > source.stale_after_s * 1000;
  return { health: isStale ? "stale" : "ok", words: last };
}

const LISTED = new Set(["rooms", "participants", "compositions"]);

/** What carries the live picture is always shown; of the rest, only what does not work needs a reader. */
export function sourcesWorthShowing(sources: TwilioSource[], nowMs: number): TwilioSource[] {
  const isTroubled = (source: TwilioSource) => ["failing", "stale"].includes(sourceFreshness(source, nowMs).health);
  return sources.filter((source) => LISTED.has(source.resource) || isTroubled(source));
}

/** Telemetry may be silent because nobody calls; only a live room that nobody speaks of makes it stale. */
export function telemetryFreshness(picture: Picture): Freshness {
  const { last_at_ms } = picture.telemetry;
  if (last_at_ms === null) return { health: "waiting", words: "nothing received yet" };
  const words = `last post ${age(last_at_ms, picture.now_ms)} ago`;
  const expected = picture.rooms.some((room) => room.participants.some(({ status }) => status !== "disconnected"));
  return { health: expected && isSilent(last_at_ms, picture.now_ms) ? "stale" : "ok", words };
}
