// What is not seen, why does that matter, and how is it mended?

import type { BlindSpots, Spots } from "../answers.ts";
import { plural } from "./quantity.ts";

export interface BlindSpot {
  id: string;
  name: string;
  spots: Spots;
  /** What that means for whoever relies on the picture. */
  means: string;
  mend: string;
  /** What the moment of each finding is. */
  since: string;
}

/** Return every sort of blind spot, the gravest first. */
export function blindSpots(found: BlindSpots): BlindSpot[] {
  return [
    {
      id: "rooms-without-telemetry",
      name: "Rooms without telemetry",
      spots: found.rooms_without_telemetry,
      means: "Nobody in them posts, so nothing is known of how these calls are, and nothing will fire for their people.",
      mend:
        "Add the browser SDK to the page that joins these rooms: load /sdk/roomwatch.js from the public listener and call " +
        "roomwatch.watch(room, { url, token }) once connected. If it is there, look for refused posts under Sources.",
      since: "First joined",
    },
    {
      id: "never-heard",
      name: "People who were never heard",
      spots: found.never_heard,
      means: "Others in their room post and they do not. What is shown of them is what the others see.",
      mend:
        "Often a mobile app without the SDK, a blocker that keeps the script from loading, or a page that keeps an older " +
        "copy. Serve the SDK from your own domain, and allow its address in the page's connect-src.",
      since: "Joined",
    },
    {
      id: "fell-silent",
      name: "People who fell silent",
      spots: found.fell_silent,
      means: "They posted, stopped, and have not been seen to leave. Their numbers are of then.",
      mend:
        "A laptop that sleeps, a tab put to rest, or a network that is gone: then the others see them reconnecting. Where " +
        "many fall silent at once, look at Sources first.",
      since: "Last heard",
    },
    {
      id: "without-level",
      name: "People without a network quality level",
      spots: found.without_level,
      means: "They post statistics and no level of their own, so rules over levels cannot judge them.",
      mend: "Ask for levels when connecting: networkQuality: { local: 3, remote: 1 }. Group rooms have them, peer-to-peer rooms do not.",
      since: "Last heard",
    },
    {
      id: "unknown-to-twilio",
      name: "Unknown to Twilio",
      spots: found.unknown_to_twilio,
      means: "Browsers tell of them and Twilio has not: their rooms may belong to an account that is not watched.",
      mend:
        "Add the account, or check that the API key may read its rooms (roomwatch doctor). Where polls fail or the budget " +
        "is spent, Sources says so.",
      since: "Last heard",
    },
    {
      id: "wrong-clock",
      name: "Clocks that are wrong",
      spots: found.wrong_clock,
      means: "Their times were corrected by what their posts tell. Moments may be off by a second or two.",
      mend: "Nothing here: whoever has that device may set its clock.",
      since: "Last heard",
    },
  ];
}

/** Say how much is seen. */
export function seenWords({ rooms, people, heard }: BlindSpots): string {
  if (rooms === 0) return "No room is live, so there is nothing to be blind to.";
  if (people === 0) return `${plural(rooms, "room")} live, and nobody is known to be in ${rooms === 1 ? "it" : "them"}.`;
  const of = `${heard.toLocaleString("en-GB")} of ${plural(people, "person", "people")} in ${plural(rooms, "live room")}`;
  return `${of} ${heard === 1 ? "was" : "were"} heard within the last 45 seconds.`;
}
