// What is behind Twilio's own SDK in these pages?  A server that is played in the page itself.
//
// The SDK's socket ends here, and its peer connection ends in a second one beside it.  What is between is real: ICE, RTP,
// RTCP, data channels, and what `getStats()` says of them.  The messages are those of Twilio's signaling, version 2.
//
// To be loaded before twilio-video, which takes WebSocket and RTCPeerConnection as it finds them.

const sidOf = (kind, letter) => kind + letter.repeat(32);
const ROOM = sidOf("RM", "a");
const ALICE = sidOf("PA", "a");
const BOB = sidOf("PA", "b");
const CHANNELS = ["network_quality", "active_speaker", "track_switch_off"];
const MEDIA = { audio: true, video: { width: 320, height: 240, frameRate: 15 } };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- the browser, as the SDK finds it ---

class PlayedSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = PlayedSocket.CONNECTING;

  constructor(url) {
    super();
    this.url = url;
    setTimeout(() => {
      this.readyState = PlayedSocket.OPEN;
      this.dispatchEvent(new Event("open"));
    });
  }

  send(text) {
    server.hear(this, JSON.parse(text));
  }

  hear(message) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  close(code = 1006, reason = "as told") {
    if (this.readyState === PlayedSocket.CLOSED) return;
    this.readyState = PlayedSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

const Peer = globalThis.RTCPeerConnection;
globalThis.WebSocket = PlayedSocket;
globalThis.RTCPeerConnection = new Proxy(Peer, {
  construct: (target, args) => witnessed(Reflect.construct(target, args)),
});

/**
 * What becomes of each record of a report before the SDK gets it; the line of a test may be worse than this machine's.
 * Each reading goes by one line from its beginning to its end, and keeps the name of it.
 */
let line = function plain(stats) {
  return stats;
};
let lineOfReading = line;

/** What ICE is said to be, where that is not what it is. */
let pretendedIce;

let reading = [];

function witnessed(peer) {
  const getStats = peer.getStats.bind(peer);
  const ice = Object.getOwnPropertyDescriptor(Peer.prototype, "iceConnectionState").get;
  peer.getStats = async (track) => {
    const report = new Map([...(await getStats(track))].map(([id, stats]) => [id, lineOfReading({ ...stats })]));
    if (track) reading.push(...report.values());
    return report;
  };
  Object.defineProperty(peer, "iceConnectionState", { get: () => pretendedIce ?? ice.call(peer) });
  server.seen = peer;
  return peer;
}

function ice(state) {
  pretendedIce = state;
  server.seen.dispatchEvent(new Event("iceconnectionstatechange"));
}

// --- Twilio ---

class PlayedServer {
  bobs = []; // the tracks that he sends
  participants = new Map();
  channels = {};
  revision = 1;
  work = Promise.resolve();
  asked = new Promise((resolve) => (this.isAsked = resolve));
  isHeard = {}; // by channel: call it when the SDK listens, as it does once it says anything there
  listened = Object.fromEntries(CHANNELS.map((name) => [name, new Promise((resolve) => (this.isHeard[name] = resolve))]));

  /** Whatever comes is answered one after the other. */
  hear(socket, message) {
    this.work = this.work.then(() => this.answer(socket, message)).catch((error) => console.error(error));
  }

  async answer(socket, { type, body }) {
    if (type === "hello") {
      this.socket = socket;
      socket.hear({ type: "welcome", negotiatedTimeout: 60_000 });
      this.tell(body.type === "sync" ? this.synced() : await this.connected(body));
      if (body.type !== "sync") await this.openChannels();
    } else if (type === "msg" && body.type === "update") {
      await this.update(body);
    }
  }

  tell(body) {
    this.socket.hear({ type: "msg", body });
  }

  async connected({ participant, peer_connections: [{ id, description }] }) {
    this.id = id;
    this.peer = new Peer();
    const answer = await this.answerTo(description);
    const transport = (label) => ({ transport: { type: "data-channel", label } });
    return {
      ...{ type: "connected", session: "played", sid: ROOM, name: "acme:class:1" },
      participant: { sid: ALICE, identity: "alice" },
      participants: [...this.participants.values()],
      peer_connections: [{ id, description: answer }],
      published: this.published(participant.tracks),
      subscribed: this.subscribed(),
      options: { signaling_region: "us1", media_region: "de1", session_timeout: 30 },
      media_signaling: Object.fromEntries(CHANNELS.map((name) => [name, transport(name)])),
    };
  }

  synced() {
    const peer_connections = [{ id: this.id }];
    return { type: "synced", participants: [...this.participants.values()], peer_connections };
  }

  published(tracks) {
    const states = tracks.map(({ id }, index) => ({ id, sid: sidOf("MT", `${index}`), state: "ready" }));
    return { revision: ++this.revision, tracks: states };
  }

  subscribed(more = []) {
    const tracks = this.bobs.map(({ id }, index) => ({ id, sid: sidOf("MT", "bc"[index]) }));
    return { revision: ++this.revision, tracks: [...tracks, ...more] };
  }

  async answerTo(offer) {
    await this.peer.setRemoteDescription(offer);
    if (!this.peer.getSenders().some(({ track }) => track)) this.bobs.forEach((track) => this.peer.addTrack(track));
    return this.described(offer.revision);
  }

  /** The answer or offer that is due, with every address in it. */
  async described(revision) {
    await this.peer.setLocalDescription();
    while (this.peer.iceGatheringState !== "complete") await pause(5);
    const { type, sdp } = this.peer.localDescription;
    return { type, sdp: this.peer.getTransceivers().reduce(named, sdp), revision };
  }

  async openChannels() {
    for (const name of CHANNELS) {
      this.channels[name] = this.peer.createDataChannel(name);
      this.channels[name].onmessage = ({ data }) => this.hearChannel(name, JSON.parse(data));
    }
    this.tell({ type: "update", peer_connections: [{ id: this.id, description: await this.described(2) }] });
  }

  hearChannel(name, { type, reportLevel: local, remoteReportLevel: remote }) {
    this.isHeard[name](); // "ready" as a rule, which it does not always get to say where the channel is just opening
    if (type === "network_quality") this.isAsked((this.verbosity = { local, remote }));
  }

  async update({ peer_connections: states = [] }) {
    for (const { description, ice: heard } of states) {
      if (description?.type === "offer") await this.restart(description);
      if (description?.type === "answer" && this.peer.signalingState !== "stable") await this.peer.setRemoteDescription(description);
      for (const candidate of heard?.candidates ?? []) await this.peer.addIceCandidate(candidate).catch(() => {});
    }
  }

  /** What the SDK does when ICE has failed. */
  async restart(offer) {
    this.tell({ type: "update", peer_connections: [{ id: this.id, description: await this.answerTo(offer) }] });
  }

  /** Somebody comes, changes, or goes. */
  person(sid, identity, state = "connected", tracks = []) {
    const person = { sid, identity, state, revision: ++this.revision, tracks };
    if (state === "disconnected") this.participants.delete(sid);
    else this.participants.set(sid, person);
    return person;
  }

  bob(state, tracks) {
    this.tell({ type: "update", participants: [this.person(BOB, "bob", state, tracks)] });
  }

  fails(trackSid, code) {
    this.tell({ type: "update", subscribed: this.subscribed([{ sid: trackSid, error: { code, message: "as told" } }]) });
  }

  /** Tell levels in as much detail as this page has asked for. */
  async quality(local, remotes = {}) {
    await this.asked;
    const others = Object.entries(remotes).map(([sid, told]) => ({ sid, ...atVerbosity(told, this.verbosity.remote) }));
    const mine = atVerbosity(local, this.verbosity.local);
    await this.say("network_quality", { local: this.verbosity.local > 1 ? mine : mine.level, remotes: others });
  }

  async say(channel, message) {
    await this.listened[channel];
    this.channels[channel].send(JSON.stringify({ type: channel, ...message }));
  }

  drop() {
    this.socket.close();
  }

  end(code) {
    this.tell({ type: "error", code, message: "as told" });
  }
}

function atVerbosity({ level, audio, video }, verbosity) {
  const half = (told) => told && (verbosity > 2 ? told : { send: told.send, recv: told.recv });
  return verbosity > 1 ? { level, audio: half(audio), video: half(video) } : { level };
}

/** Browsers leave the name of a track out of what they offer; Twilio says it, and the SDK tells tracks apart by it. */
function named(sdp, { mid, sender: { track } }) {
  const ofTrack = (section) => track && section.includes(`\r\na=mid:${mid}\r\n`);
  const name = (section) => (ofTrack(section) ? section.replace(/a=msid:(\S+).*/, `a=msid:$1 ${track.id}`) : section);
  return sdp.split(/(?=^m=)/m).map(name).join("");
}

const server = new PlayedServer();

// --- the application ---

/** Alice joins, and is watched; with `media`, she and bob see and hear each other. */
async function join({ media = false, networkQuality = { local: 3, remote: 3 }, ...options }) {
  if (media) await bobSends();
  const tracks = media ? (await navigator.mediaDevices.getUserMedia(MEDIA)).getTracks() : [];
  window.room = await Twilio.Video.connect("no token", {
    ...{ tracks, networkQuality, iceServers: [], insights: false, dominantSpeaker: true },
  });
  keepReadings(room);
  window.watcher = roomwatch.watch(room, options);
}

async function bobSends() {
  server.bobs = (await navigator.mediaDevices.getUserMedia(MEDIA)).getTracks();
  const tracks = server.subscribed().tracks.map(({ sid }, index) => trackOf(sid, server.bobs[index].kind));
  server.person(BOB, "bob", "connected", tracks);
}

function trackOf(sid, kind) {
  return { sid, name: sid, kind, enabled: true, priority: "standard" };
}

/**
 * The raw reports behind each `room.getStats()`, as the browser gave them, and between which two moments whoever asked
 * took them.
 */
const readings = [];

function keepReadings(room) {
  const getStats = room.getStats.bind(room);
  room.getStats = async () => {
    const mine = (reading = []);
    const { name } = (lineOfReading = line);
    const reports = await getStats();
    const kept = { line: name, from: Date.now(), stats: mine };
    readings.push(kept);
    setTimeout(() => (kept.to = Date.now())); // which comes after all that follows from this answer
    return reports;
  };
}

/** Alice leaves, just after she was watched: no reading is under way then, of which nobody would know who heard it. */
async function leave() {
  const before = readings.length;
  while (readings.length === before || !readings.at(-1).to) await pause(2);
  room.disconnect();
}

/** What a person said, and when. */
const said = [];

function say(text) {
  const from = Date.now();
  watcher.feedback({ text });
  said.push({ from, to: Date.now(), text });
}
