// Which events of a Room become telemetry?
//
// `networkQualityLevelChanged` is emitted by participants and never by the Room, so each of them is listened to, those
// who come later, too.  `subject` is whom an event is about; without it, it is about the reporter.

import type { TwilioParticipant, TwilioRoom } from "./api.ts";
import { guarded } from "./guard.ts";

type Tell = (event: object) => void;
type Emitter = Pick<TwilioRoom, "on">;
type Release = () => void;

// The reporter's own connection, and the others'.
const OF_CONNECTION = ["reconnecting", "reconnected", "disconnected"];
const OF_OTHERS = ["Connected", "Reconnecting", "Reconnected", "Disconnected"];

// Said of others as far as it tells how this browser receives them, and of the reporter's own tracks.
const OF_ROOM = ["Published", "Unpublished", "SubscriptionFailed", "SwitchedOff", "SwitchedOn", "Warning", "WarningsCleared"];
const OF_SELF = ["Published", "PublicationFailed", "Enabled", "Disabled", "Stopped"];

/** Listen to one event; returns how to stop that. */
export function on(emitter: Emitter, event: string, listener: (...args: any[]) => void): Release {
  const safe = guarded(listener);
  emitter.on(event, safe);
  return () => (emitter as any).removeListener(event, safe);
}

/** `SwitchedOff` is `switched_off` on the wire. */
function inSnakeCase(name: string): string {
  return name.replace(/\B[A-Z]/g, "_$&").toLowerCase();
}

/** Listen to a room until released; what happens is told as events without their time. */
export function listen(room: TwilioRoom, tell: Tell): Release {
  const self = room.localParticipant;
  const levels = new Map<TwilioParticipant, Release>();

  /** Tell of an event by its arguments, which differ from event to event: what they are shows in what they have. */
  function tellOf(type: string, state: string | undefined, args: any[], more?: object): void {
    const subject = args.find((each) => each?.identity);
    tell({
      type,
      state,
      ...more,
      subject: subject === self ? undefined : subject?.sid,
      code: args.find((each) => each?.code)?.code,
    });
  }

  function tellTrack(name: string, ...args: any[]): void {
    const track = args.find((each) => each?.kind);
    const publication =
      args.find((each) => each?.trackSid) ?? [...self.tracks.values()].find((each: any) => each.track === track);
    tellOf("track", inSnakeCase(name), args, { track_sid: publication?.trackSid, kind: (publication ?? track)?.kind });
  }

  function watchLevel(participant: TwilioParticipant): void {
    const tellLevel = (level: number | null, stats?: object | null) =>
      tellOf("network_quality", undefined, [participant], { level, stats: stats ?? null });
    const { networkQualityLevel, networkQualityStats } = participant;
    levels.set(participant, on(participant, "networkQualityLevelChanged", tellLevel));
    if (networkQualityLevel != null) tellLevel(networkQualityLevel, networkQualityStats);
  }

  const ties = [
    ...OF_CONNECTION.map((state) => on(room, state, (...args) => tellOf("connection", state, args))),
    ...OF_OTHERS.map((name) => on(room, "participant" + name, (...args) => tellOf("connection", inSnakeCase(name), args))),
    ...OF_ROOM.map((name) => on(room, "track" + name, (...args) => tellTrack(name, ...args))),
    ...OF_SELF.map((name) => on(self, "track" + name, (...args) => tellTrack(name, ...args))),
    on(room, "dominantSpeakerChanged", (speaker) => tellOf("speaker", undefined, [speaker])),
    on(room, "participantConnected", (participant) => {
      watchLevel(participant);
      participant.tracks.forEach((publication: object) => tellTrack("Published", publication, participant));
    }),
    on(room, "participantDisconnected", (participant) => {
      levels.get(participant)?.();
      levels.delete(participant);
    }),
  ];
  if (room.state === "connected") tellOf("connection", "connected", []);
  self.tracks.forEach((publication) => tellTrack("Published", publication));
  [self, ...room.participants.values()].forEach(watchLevel);
  return () => [...ties, ...levels.values()].forEach((release) => release());
}
