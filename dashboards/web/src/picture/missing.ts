// What is not set up yet, and how does one get it?

import type { Picture } from "../api.ts";

export interface Missing {
  what: string;
  how: string;
}

const TELEMETRY: Missing = {
  what: "No telemetry received yet",
  how:
    "Add the browser SDK to the page that joins your rooms: it is served at /sdk/roomwatch.js on the public listener, " +
    "and posts to /v1/telemetry there. Until then rooms and people are shown without their quality.",
};

const TWILIO: Missing = {
  what: "Twilio's API is not being asked",
  how:
    "Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or the same in the config file. " +
    "Until then only rooms that browsers report are seen, and no compositions.",
};

export function missing(picture: Picture): Missing[] {
  const gaps: Missing[] = [];
  if (picture.telemetry.last_at_ms === null) gaps.push(TELEMETRY);
  if (picture.sources.length === 0) gaps.push(TWILIO);
  return gaps;
}
