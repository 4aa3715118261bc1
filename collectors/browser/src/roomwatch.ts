// What happens when an application calls `watch`?
//
// The room is listened to, its stats are read every few seconds, and both go to the sender.  When the room is left, only
// the sender stays, until what waits has arrived; a person may still say what the call was like.

import type { Options, TwilioRoom, Watcher, watch as Watch } from "./api.ts";
import { client } from "./client.ts";
import { guarded } from "./guard.ts";
import { listen, on } from "./listening.ts";
import { mediaStats, read, type Reading, type Report } from "./media_stats.ts";
import { isSilenced, openSender } from "./sender.ts";
import { browser, listenTo, page, type World } from "./world.ts";

const ADDRESSES = /^(ip|address|relatedAddress|url)$/; // in a preflight's ICE candidates
const SHORTEST_INTERVAL_MS = 1_000;

const nothing = () => {};
const NOBODY: Watcher = {
  stop: nothing,
  feedback: nothing,
  preflight: nothing,
  status: () => ({ sent: 0, waiting: 0, lost: 0 }),
};

export const watch: typeof Watch = (room, options) => watchIn(page, room, options);

/** The same, in a world of the caller's. */
export function watchIn(world: World, room: TwilioRoom, options: Options): Watcher {
  try {
    if (!isSilenced() && isChosen(room.sid, options.sample)) return start(world, room, options);
  } catch {} // not a room, or options that are none
  return NOBODY;
}

/** Whether a room is watched where only a share of them is; its SID is as good as a die that all of it throw alike. */
export function isChosen(roomSid: string, share = 1): boolean {
  return !(parseInt(roomSid.slice(2, 10), 16) / 2 ** 32 >= share);
}

function sessionId(): string {
  return globalThis.crypto?.randomUUID?.() ?? `${Math.random()}${Math.random()}`; // where there is no TLS
}

function start(world: World, room: TwilioRoom, options: Options): Watcher {
  const self = room.localParticipant;
  const session = sessionId();
  let seq = 0;
  let isStopped = false;

  const head = () => ({
    session,
    seq: seq++,
    room_sid: room.sid,
    room_name: room.name,
    participant_sid: self.sid,
    identity: self.identity,
    sdk: { name: "twilio-video.js", version: options.sdkVersion ?? (globalThis as any).Twilio?.Video?.version },
    client: client(),
  });
  const key = `roomwatch ${options.url} ${room.sid} ${self.identity}`;
  const sender = openSender(options, head, key, world, () => stop());
  const tell = (event: object) => sender.add({ ...event, at: world.now() });

  const ties = [
    listen(room, tell),
    listenTo(browser.connection, "change", () => sender.queue.seal()), // a post's head tells its network
    listenTo(browser.mediaDevices, "devicechange", () => tell({ type: "track", state: "devices_changed" })),
    sample(world, room, Math.max(SHORTEST_INTERVAL_MS, options.intervalMs ?? 10_000), tell),
  ];
  const release = guarded(() => ties.splice(0).forEach((tie) => tie()));
  ties.push(on(room, "disconnected", release)); // after the listener that tells of it

  function stop(): void {
    isStopped = true;
    release();
    sender.close();
  }

  const unlessStopped = <A extends unknown[]>(work: (...args: A) => void) =>
    guarded((...args: A) => isStopped || work(...args));
  return {
    stop: unlessStopped(stop),
    feedback: unlessStopped(({ rating, text }) => tell({ type: "feedback", rating, text: text?.slice(0, 2_000) })),
    preflight: unlessStopped((report) => {
      const withoutAddresses = JSON.stringify(report, (name, value) => (ADDRESSES.test(name) ? undefined : value));
      tell({ type: "preflight", report: JSON.parse(withoutAddresses) });
    }),
    status: () => ({
      sent: sender.queue.sent,
      waiting: sender.queue.posts.reduce((waiting, post) => waiting + post.events.length, 0),
      lost: sender.queue.lost,
    }),
  };
}

/** Tell of the room's media every `intervalMs`, until released. */
function sample(world: World, room: TwilioRoom, intervalMs: number, tell: (event: object) => void): () => void {
  let before: Reading | undefined;
  let callOff = () => {};

  const look = guarded(async () => {
    callOff = world.after(intervalMs, look);
    const now = read((await room.getStats()) as Report[], world.now());
    const event = before && mediaStats(before, now);
    before = now;
    if (event) tell(event);
  });
  look();
  return () => callOff();
}
