// What do two readings of `room.getStats()`, one after the other, say about the time between them?
//
// Pure.  The SDK counts since the beginning of each track; rates and ratios come from differences, by track and SSRC,
// since with simulcast one track has several streams.  A stream whose counters went back was begun anew and says nothing
// this time.  What nobody told stays out: unknown is not zero.

interface TrackStats {
  readonly trackSid?: string;
  readonly ssrc?: string;
  readonly packetsLost?: number | null;
  readonly bytesSent?: number | null;
  readonly bytesReceived?: number | null;
  readonly packetsSent?: number | null;
  readonly packetsReceived?: number | null;
  readonly roundTripTime?: number | null; // ms
  readonly jitter?: number | null; // ms
  readonly frameRate?: number | null;
  readonly dimensions?: { readonly width: number; readonly height: number } | null;
  readonly freezeCount?: number | null;
  readonly qualityLimitationReason?: string | null;
}

type Kind = "localAudioTrackStats" | "localVideoTrackStats" | "remoteAudioTrackStats" | "remoteVideoTrackStats";
export type Report = { readonly [kind in Kind]?: readonly TrackStats[] };

/** What the counters stood at, by direction, track and SSRC. */
export interface Reading {
  readonly atMs: number;
  readonly up: ReadonlyMap<string, TrackStats>;
  readonly down: ReadonlyMap<string, TrackStats>;
}

const LIMITS = ["bandwidth", "cpu", "other", "none"]; // the worst first

export function read(reports: readonly Report[], atMs: number): Reading {
  const streams = (...kinds: Kind[]) =>
    new Map(
      reports.flatMap((report) =>
        kinds.flatMap((kind) => (report[kind] ?? []).map((stats) => [`${stats.trackSid} ${stats.ssrc}`, stats] as const)),
      ),
    );
  return {
    atMs,
    up: streams("localAudioTrackStats", "localVideoTrackStats"),
    down: streams("remoteAudioTrackStats", "remoteVideoTrackStats"),
  };
}

/** Return the `media_stats` event of the time between two readings, or undefined where they tell nothing. */
export function mediaStats(before: Reading, now: Reading): object | undefined {
  const intervalMs = Math.round(now.atMs - before.atMs);
  const up = since(before.up, now.up);
  const down = since(before.down, now.down);
  if (intervalMs <= 0 || !(up.length + down.length)) return undefined;
  return {
    type: "media_stats",
    interval_ms: intervalMs,
    rtt_ms: over(up, "roundTripTime", highest),
    up: direction(up, intervalMs, 0),
    down: direction(down, intervalMs, 1),
  };
}

/** A stream as it stands, and how much it carried since the last reading where that can be told. */
interface Stream extends TrackStats {
  readonly bytes?: number;
  readonly packets?: number;
  readonly lost?: number | undefined;
  readonly freezes?: number | undefined;
}

type Counter = "bytesSent" | "bytesReceived" | "packetsSent" | "packetsReceived" | "packetsLost" | "freezeCount";
type Quantity = "bytes" | "packets" | "lost" | "freezes" | "jitter" | "roundTripTime";

function since(before: Reading["up"], now: Reading["up"]): Stream[] {
  return [...now].map(([key, stats]) => carried(before.get(key), stats));
}

function carried(before: TrackStats | undefined, now: TrackStats): Stream {
  const by = (counter: Counter) => grown(before?.[counter], now[counter]);
  const bytes = by("bytesSent") ?? by("bytesReceived");
  const packets = by("packetsSent") ?? by("packetsReceived");
  if (bytes == null || packets == null) return now;
  return { ...now, bytes, packets, lost: by("packetsLost"), freezes: by("freezeCount") };
}

/** `lostBeside` is 1 where what was lost is not among the packets counted: they are those that were received. */
function direction(streams: readonly Stream[], intervalMs: number, lostBeside: 0 | 1): object | undefined {
  if (!streams.length) return undefined;
  const lossy = streams.filter((stream) => isKnown(stream.lost));
  const lost = over(lossy, "lost", total)!;
  const packets = over(lossy, "packets", total)! + lostBeside * lost;
  const bytes = over(streams, "bytes", total);
  const video = largest(streams);
  return {
    loss_ratio: packets > 0 ? +Math.min(1, lost / packets).toFixed(4) : undefined,
    jitter_ms: over(streams, "jitter", highest),
    bitrate_bps: bytes && Math.round((bytes * 8_000) / intervalMs),
    fps: video?.frameRate ?? undefined,
    ...video?.dimensions, // width, height
    freezes: over(streams, "freezes", total),
    limited_by: LIMITS.find((limit) => streams.some((stream) => stream.qualityLimitationReason === limit)),
  };
}

/** Return the video stream to speak of: the largest picture that moves; of a simulcast, the best layer that is sent. */
function largest(streams: readonly Stream[]): Stream | undefined {
  const rank = ({ bytes, dimensions }: Stream) =>
    (bytes ? 1e9 : 0) + (dimensions ? dimensions.width * dimensions.height : 0);
  return streams
    .filter((stream) => stream.dimensions || isKnown(stream.frameRate))
    .sort((one, other) => rank(other) - rank(one))[0];
}

function isKnown(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

/** Return by how much a counter has grown, or undefined where it is not known or went back. */
function grown(before: unknown, now: unknown): number | undefined {
  return isKnown(before) && isKnown(now) && now >= before ? now - before : undefined;
}

const highest = (one: number, other: number): number => Math.max(one, other);
const total = (one: number, other: number): number => one + other;

/** Return one number for all streams, or undefined where none of them knows. */
function over(streams: readonly Stream[], quantity: Quantity, fold: typeof total): number | undefined {
  const values = streams.map((stream) => stream[quantity]).filter(isKnown);
  return values.length ? values.reduce(fold) : undefined;
}
