// How does a Room come about without Twilio?  These are the SDK's own classes; only what lies behind them, the socket, the
// data channels and the peer connections, is played.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";

/** What a camera or a microphone brings, if there were one. */
class PlayedTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState = "live";

  constructor(kind, id) {
    super();
    Object.assign(this, { kind, id, label: id });
  }

  clone() {
    return new PlayedTrack(this.kind, sentId(this.id));
  }

  getSettings() {
    return {};
  }

  stop() {
    this.readyState = "ended";
  }
}

class PlayedStream {
  addTrack() {}
}

globalThis.MediaStreamTrack ??= PlayedTrack;
globalThis.MediaStream ??= PlayedStream;
globalThis.RTCPeerConnection ??= class RTCPeerConnection {};
globalThis.navigator ??= { userAgent: "" };
const require = createRequire(import.meta.url);
const sdk = (path) => require(`twilio-video/es5/${path}`);

export const ROOM = "RM00000000000000000000000000000001";
export const ALICE = "PA00000000000000000000000000000001";
export const BOB = "PA00000000000000000000000000000002";
export const CAMERA = "MT00000000000000000000000000000001";
export const MICROPHONE = "MT00000000000000000000000000000003";
export const BOBS_CAMERA = "MT00000000000000000000000000000002";

const log = { debug() {}, info() {}, warn() {}, error() {}, deprecated() {}, createLog: () => log };
const CHANNELS = ["network_quality", "active_speaker", "track_switch_off"];

/** Give the SDK the time to tell what it was told; it does so in timers of no length. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 15));

/** The SDK sends a clone of a track; by this name the raw stats know it. */
export const sentId = (id) => `${id}, sent`;

function dataReceiver(label) {
  const transport = Object.assign(new EventEmitter(), { publish() {} });
  const receiver = Object.assign(new EventEmitter(), { id: label, kind: "data", readyState: "open" });
  return { transport, receiver: Object.assign(receiver, { toDataTransport: () => transport }) };
}

function peerConnections(channels) {
  return Object.assign(new EventEmitter(), {
    connectionState: "connected",
    iceConnectionState: "connected",
    _peerConnections: new Map(),
    stats: new Map(),
    close() {},
    dequeue() {},
    update() {},
    setTrackSenders() {},
    setIceReconnectTimeout() {},
    setEffectiveAdaptiveSimulcast() {},
    getTrackReceivers: () => channels.map(({ receiver }) => receiver),
    async getStats() {
      return this.stats;
    },
  });
}

/** A room with alice in it, and the levers of everything behind it. */
export class Call {
  constructor({ local = 3, remote = 3, participants = [] } = {}) {
    const LocalParticipantV2 = sdk("signaling/v2/localparticipant");
    const EncodingParameters = sdk("encodingparameters");
    const NetworkQualityConfiguration = sdk("networkqualityconfiguration");
    const quality = new NetworkQualityConfiguration({ local, remote });
    this.self = new LocalParticipantV2(new EncodingParameters({}, true), quality, { log });
    this.self.connect(ALICE, "alice");
    this.transport = Object.assign(new EventEmitter(), {
      state: "connected",
      publish() {},
      publishEvent() {},
      sync() {},
      disconnect() {},
    });
    this.channels = Object.fromEntries(CHANNELS.map((name) => [name, dataReceiver(name)]));
    this.peers = peerConnections(Object.values(this.channels));
    this.localParticipant = new (sdk("localparticipant"))(this.self, [], { log });
    this.revision = 1;
    const signaling = new (sdk("signaling/v2/room"))(this.self, this.initialState(participants), this.transport, this.peers, { log });
    this.room = new (sdk("room"))(this.localParticipant, signaling, { log });
  }

  initialState(participants) {
    const transport = (label) => ({ transport: { type: "data-channel", label } });
    return {
      sid: ROOM,
      name: "acme:class:1",
      participant: { sid: ALICE, identity: "alice" },
      participants,
      subscribed: { revision: 0, tracks: [] },
      published: { revision: 0, tracks: [] },
      options: { signaling_region: "us1", session_timeout: 30 },
      media_signaling: Object.fromEntries(CHANNELS.map((name) => [name, transport(name)])),
    };
  }

  /** What a data channel brings. */
  async hear(channel, message) {
    this.channels[channel].transport.emit("message", { type: channel, ...message });
    await settled();
  }

  quality(local, ...remotes) {
    return this.hear("network_quality", { local, remotes });
  }

  /** What the signaling brings. */
  async update(message) {
    this.transport.emit("message", { type: "update", ...message });
    await settled();
  }

  /** Publish a track of one's own; the server gives it a SID, or says with a code why not. */
  async publish(kind, id, { sid, code } = {}) {
    const LocalTrack = sdk(`media/track/es5/local${kind}track`);
    const track = new LocalTrack(new PlayedTrack(kind, id), { log, enumerateDevices: async () => [] });
    const published = this.localParticipant.publishTrack(track).catch(() => null);
    const outcome = code ? { state: "failed", error: { code, message: "no" } } : { state: "ready", sid };
    await this.update({ published: { revision: ++this.revision, tracks: [{ id: sentId(id), ...outcome }] } });
    await published;
    return track;
  }

  bob(state = "connected", tracks = []) {
    return { sid: BOB, identity: "bob", state, revision: ++this.revision, tracks };
  }

  async ice(state) {
    this.peers.iceConnectionState = state;
    this.peers.emit("iceConnectionStateChanged");
    this.peers.emit("connectionStateChanged");
    await settled();
  }

  async signaling(state, code, message) {
    const error = code && Object.assign(new Error(message), { code });
    this.transport.state = state;
    this.transport.emit("stateChanged", state, error);
    await settled();
  }

  /** Let `getStats()` say this from now on, in the SDK's raw form. */
  stats(raw) {
    this.peers.stats = new Map([["pc-1", { localAudioTrackStats: [], localVideoTrackStats: [], remoteAudioTrackStats: [], remoteVideoTrackStats: [], ...raw }]]);
  }
}

export const camera = { sid: BOBS_CAMERA, name: "camera", kind: "video", enabled: true, priority: "standard" };

/** One side of the line in detail, as the server sends it. */
export function detail(level) {
  const stats = (bandwidth) => ({
    bandwidth: { actual: bandwidth, available: 2_400_000, level },
    fractionLost: { fractionLost: 0.012, level },
    latency: { jitter: 0.004, rtt: 0.061, level },
  });
  return { send: level, recv: level, sendStats: stats(31_800), recvStats: stats(640_000) };
}

/** End the call: the SDK watches the network of a room until it is left. */
export async function over(call) {
  if (call.transport.state !== "disconnected") await call.signaling("disconnected");
}
