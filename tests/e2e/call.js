// A call in a browser without Twilio: the SDK's own Room and Participants over a signaling that does as it is told.

class Emitter {
  listeners = {};

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
    return this;
  }

  removeListener(event, listener) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((each) => each !== listener);
    return this;
  }

  emit(event, ...args) {
    for (const listener of [...(this.listeners[event] ?? [])]) listener.apply(this, args);
  }
}

class PlayedParticipant extends Emitter {
  state = "connected";
  tracks = new Map();
  audioProcessors = [];
  networkQualityLevel = null;
  networkQualityStats = null;

  constructor(sid, identity) {
    super();
    Object.assign(this, { sid, identity });
  }

  level(networkQualityLevel, networkQualityStats = null) {
    Object.assign(this, { networkQualityLevel, networkQualityStats });
    this.emit("networkQualityLevelChanged");
  }

  becomes(state) {
    this.state = state;
    this.emit("stateChanged", state);
  }
}

class PlayedRoom extends Emitter {
  sid = "RM" + "a".repeat(32);
  name = "acme:class:1";
  state = "connected";
  mediaRegion = "de1";
  dominantSpeakerSid = null;
  recording = Object.assign(new Emitter(), { isEnabled: false });
  participants = new Map();
  stats = new Map();

  constructor(localParticipant) {
    super();
    this.localParticipant = localParticipant;
  }

  async getStats() {
    return this.stats;
  }

  becomes(state, code) {
    this.state = state;
    this.emit("stateChanged", state, code && Object.assign(new Error("as told"), { code }));
  }

  joins(participant) {
    this.participants.set(participant.sid, participant);
    this.emit("participantConnected", participant);
  }

  speaks(sid) {
    this.dominantSpeakerSid = sid;
    this.emit("dominantSpeakerChanged");
  }

  disconnect() {
    this.becomes("disconnected");
  }
}

const alice = new PlayedParticipant("PA" + "a".repeat(32), "alice");
const bob = new PlayedParticipant("PA" + "b".repeat(32), "bob");
const played = new PlayedRoom(alice);

class PlayedSignaling {
  createLocalParticipantSignaling() {
    return alice;
  }

  async connect() {
    return () => Object.assign(Promise.resolve(played), { cancel() {} });
  }
}

async function join(options) {
  const room = await Twilio.Video.connect("no token", { signaling: PlayedSignaling, tracks: [], insights: false });
  window.watcher = roomwatch.watch(room, options);
}

/** One video track that bob sends, as it stands after `seconds`. */
function stats(seconds) {
  const video = {
    ...{ trackId: "bobs", trackSid: "MT" + "b".repeat(32), timestamp: Date.now(), ssrc: "22", codecName: "VP8" },
    ...{ bytesReceived: 100_000 * seconds, packetsReceived: 99 * seconds, packetsLost: seconds, freezeCount: seconds },
    ...{ jitter: 12, frameWidthReceived: 640, frameHeightReceived: 480, frameRateReceived: 24 },
  };
  const nothing = { localAudioTrackStats: [], localVideoTrackStats: [], remoteAudioTrackStats: [] };
  played.stats = new Map([["pc-1", { ...nothing, remoteVideoTrackStats: [video] }]]);
}
