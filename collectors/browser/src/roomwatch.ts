// What happens when an application calls `watch`?
//
// The room is listened to, its stats are read every few seconds, and both go to the sender.  When the room is left, only
// the sender stays, until what waits has arrived; a person may still say what the call was like.  Of a room that nobody
// could join there is only what the application says of it.

import type { Options, TwilioParticipant, TwilioRoom, Watcher, watch as Watch } from "./api.ts";
import { client } from "./client.ts";
import { guarded } from "./guard.ts";
import { FEEDBACK_CHARS, FIRST_TWILIO_CODE, SHORTEST_INTERVAL_MS } from "./limits.ts";
import { listen, on } from "./listening.ts";
import { mediaStats, read, type Reading, type Report } from "./media_stats.ts";
import { eventsOf, openQueue, type Queue } from "./queue.ts";
import { isSilenced, openSender } from "./sender.ts";
import { browser, listenTo, page, type World } from "./world.ts";

export const watch: typeof Watch = (room, options) => watchIn(page, room as TwilioRoom, options);

/** The same, in a world of the caller's; an unjoined room has a name and an identity, and nothing else of a room. */
export function watchIn(world: World, room: TwilioRoom, options: Options): Watcher {
  let watched: Watched | undefined;
  try {
    if (!isSilenced && isChosen(room.sid, options.sample)) watched = start(world, room, options);
  } catch {} // not a room, or options that are none
  return {
    stop: guarded(() => watched?.stop()),
    feedback: guarded(({ rating, text }) =>
      watched?.tell({ type: "feedback", rating, text: text?.slice(0, FEEDBACK_CHARS) }),
    ),
    preflight: guarded((report) => watched?.tell({ type: "preflight", report })),
    failed: guarded(({ name: error, code }: any, kind) =>
      watched?.tell(
        code >= FIRST_TWILIO_CODE && !room.on
          ? { type: "connection", state: "disconnected", code }
          : { type: "device", error, kind },
      ),
    ),
    status: () => ({
      sent: watched?.queue.sent ?? 0,
      waiting: eventsOf(watched?.queue.posts ?? []).length,
      lost: watched?.queue.lost ?? 0,
    }),
  };
}

/**
 * Whether a room is watched where only a share of them is; its SID is as good as a die that all of it throw alike.
 * One that could not be joined has none, and is: such people are few, and nothing else tells of them.
 */
export function isChosen(roomSid: string | undefined, share = 1): boolean {
  return !(parseInt(roomSid?.slice(2, 10)!, 16) / 2 ** 32 >= share);
}

interface Watched {
  readonly queue: Queue;
  tell(event: object): void;
  stop(): void;
}

function start(world: World, room: TwilioRoom, options: Options): Watched {
  const self: Partial<TwilioParticipant> = room.localParticipant ?? room;
  const session = world.random() + "" + world.random(); // no two pages draw alike, and there is no crypto without TLS
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
    client: client(self.signalingRegion),
  });
  const key = `roomwatch ${options.url} ${room.name} ${self.identity}`;
  const queue = openQueue(head, options.queueChars ?? 262_144, world, key);
  const sender = openSender(options, queue, world, () => stop());
  const tell = (event: object) => isStopped || sender.take({ ...event, at: world.now() });

  const ties = !room.on
    ? []
    : [
        listen(room, tell),
        on(room, "disconnected", () => release()), // after the listener that tells of it
        listenTo(browser.connection, "change", () => queue.seal()), // a post's head tells its network
        listenTo(browser.mediaDevices, "devicechange", () => tell({ type: "track", state: "devices_changed" })),
        sample(world, room, Math.max(SHORTEST_INTERVAL_MS, options.intervalMs ?? 10_000), tell),
      ];
  const release = () => ties.splice(0).forEach((tie) => tie());

  function stop(): void {
    isStopped = true;
    sender.close();
    release();
  }

  return { queue, tell, stop };
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
