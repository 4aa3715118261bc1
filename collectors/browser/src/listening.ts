// Which events of a Room become telemetry?
//
// `networkQualityLevelChanged` is emitted by participants and never by the Room, so each of them is listened to, those
// who come later, too.  `subject` is whom an event is about; without it, it is about the reporter.

import type { TwilioParticipant, TwilioRoom } from "./api.ts";
import { guarded } from "./guard.ts";

type Tell = (event: object) => void;
type Emitter = Pick<TwilioRoom, "on">;
type Release = () => void;

/** Listen to one event; returns how to stop that. */
export function on(emitter: Emitter, event: string, listener: (...args: any[]) => void): Release {
  const safe = guarded(listener);
  emitter.on(event, safe);
  return () => (emitter as any).removeListener(event, safe);
}

/** Listen to a room until released; what happens is told as events without their time. */
export function listen(room: TwilioRoom, tell: Tell): Release {
  const self = room.localParticipant;
  const levels = new Map<TwilioParticipant, Release>();

  /** Tell of an event by its arguments, which differ from event to event: what they are shows in what they have. */
  function tellOf(type: string, name: string, args: any[], more?: object): void {
    const having = (property: string) => args.find((each) => each?.[property]);
    const subject = having("identity");
    const track = having("kind");
    const isOf = (publication: any) => track && publication.track === track; // own tracks come without it
    const publication = having("trackSid") ?? [...self.tracks.values()].find(isOf);
    tell({
      type,
      state: name.replace(/\B[A-Z]/g, "_$&").toLowerCase() || undefined, // `SwitchedOff` is `switched_off` on the wire
      track_sid: publication?.trackSid,
      kind: (publication ?? track)?.kind,
      subject: subject === self ? undefined : subject?.sid,
      code: having("code")?.code,
      ...more,
    });
  }

  const tellTracks = (participant: TwilioParticipant) =>
    participant.tracks.forEach((publication) => tellOf("track", "Published", [publication, participant]));

  /** Listen to events whose names share a front; the rest is the state. */
  const follow = (emitter: Emitter, type: string, front: string, ...names: string[]) =>
    names.map((name) => on(emitter, front + name, (...args) => tellOf(type, name, args)));

  function watchLevel(participant: TwilioParticipant): void {
    const tellLevel = (level: number | null, stats?: object | null) =>
      tellOf("network_quality", "", [participant], { level, stats: stats ?? null });
    const { networkQualityLevel, networkQualityStats } = participant;
    levels.set(participant, on(participant, "networkQualityLevelChanged", tellLevel));
    if (networkQualityLevel != null) tellLevel(networkQualityLevel, networkQualityStats);
  }

  const ties = [
    ...follow(room, "connection", "", "reconnecting", "reconnected", "disconnected"),
    ...follow(room, "connection", "participant", "Connected", "Reconnecting", "Reconnected", "Disconnected"),
    // Of others as far as it tells how this browser receives them.
    ...follow(room, "track", "track", "Published", "Unpublished", "SubscriptionFailed", "SwitchedOff", "SwitchedOn",
      "Warning", "WarningsCleared"),
    ...follow(self, "track", "track", "Published", "PublicationFailed", "Enabled", "Disabled", "Stopped"),
    ...follow(room, "speaker", "dominantSpeakerChanged", ""),
    on(room, "participantConnected", (participant) => {
      watchLevel(participant);
      tellTracks(participant);
    }),
    on(room, "participantDisconnected", (participant) => {
      levels.get(participant)?.();
      levels.delete(participant);
    }),
  ];
  if (room.state === "connected") tellOf("connection", "connected", []);
  tellTracks(self);
  [self, ...room.participants.values()].forEach(watchLevel);
  return () => [...ties, ...levels.values()].forEach((release) => release());
}
