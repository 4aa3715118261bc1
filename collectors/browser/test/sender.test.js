// What becomes of a post that the daemon does not take at once?

import assert from "node:assert/strict";
import { test } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { CompressionStream, TestWorld, quiet } from "./world.js";

const OPTIONS = { url: "https://watch.example.com", token: "a token" };

/** As much of a room as is needed where only the sending is looked at. */
function quietRoom() {
  const emitter = { on() {}, removeListener() {} };
  const self = { ...emitter, sid: "PA1", identity: "alice", networkQualityLevel: null, tracks: new Map() };
  return { ...emitter, sid: "RM1", name: "", state: "connecting", localParticipant: self, participants: new Map(), getStats: async () => [] };
}

function watched({ answers = [], ...options } = {}, world = new TestWorld(...answers)) {
  const watcher = watchIn(world, quietRoom(), { ...OPTIONS, ...options });
  return { world, watcher, say: (text) => watcher.feedback({ text }) };
}

const texts = (events) => events.map(({ text }) => text);
const numbers = (count) => Array.from({ length: count }, (_, index) => `${index}`);

test("events that come close together travel together", async () => {
  const { world, say } = watched();
  say("a");
  await world.pass(1_500);
  say("b");
  await world.pass(500);
  assert.deepEqual(world.posts.map(({ events }) => texts(events)), [["a", "b"]]);
});

test("one request is under way at a time", async () => {
  let answer;
  const { world, say } = watched({ answers: [new Promise((resolve) => (answer = resolve)), {}] });
  say("a");
  await world.pass(2_000);
  say("b");
  await world.pass(20_000);
  assert.equal(world.asked.length, 1);
  answer();
  await world.pass(2_000);
  assert.deepEqual(texts(world.events), ["a", "b"]);
});

for (const trouble of [{ lost: true }, { status: 503 }, { status: 500 }, { status: 404 }]) {
  test(`${JSON.stringify(trouble)} is answered by the same post again, ever more rarely`, async () => {
    const { world, say } = watched({ answers: [trouble, trouble, trouble, trouble, {}] });
    world.luck = 1;
    say("a");
    await world.pass(60_000);
    assert.deepEqual(world.asked.map(({ at }) => at - 1_763_690_000_000), [2_000, 3_000, 5_000, 9_000, 17_000]);
    assert.equal(new Set(world.asked.map(({ post }) => `${post.session} ${post.seq}`)).size, 1);
    assert.deepEqual(texts(world.events), ["a"]);
  });
}

test("what comes while the daemon is away neither hurries it nor joins what was sent before", async () => {
  const { world, say } = watched({ answers: [{ lost: true }, {}] });
  world.luck = 1;
  say("a");
  await world.pass(2_000);
  say("b");
  await world.pass(4_000);
  assert.deepEqual(world.asked.map(({ post }) => [post.seq, texts(post.events)]), [[0, ["a"]], [0, ["a"]], [1, ["b"]]]);
});

test("Retry-After is never undercut, and a storm of 429 loses nothing", async () => {
  const storm = Array.from({ length: 6 }, () => ({ status: 429, headers: { "Retry-After": "10" } }));
  const { world, watcher, say } = watched({ answers: [...storm, {}] });
  world.luck = 0;
  for (const text of numbers(60)) {
    say(text);
    await world.pass(1_000);
  }
  await world.pass(60_000);
  const times = world.asked.slice(0, 7).map(({ at }) => at);
  assert.ok(times.slice(1).every((at, index) => at - times[index] >= 10_000));
  assert.deepEqual(texts(world.events), numbers(60));
  assert.deepEqual(watcher.status(), { sent: 60, waiting: 0, lost: 0 });
});

test("a token function is asked again after a 401", async () => {
  const tokens = ["old", "new"];
  const { world, say } = watched({ answers: [{ status: 401 }, {}], token: async () => tokens.shift() });
  say("a");
  await world.pass(10_000);
  assert.deepEqual(world.asked.map(({ init }) => init.headers.Authorization), ["Bearer old", "Bearer new"]);
  say("b");
  await world.pass(2_000);
  assert.equal(world.asked[2].init.headers.Authorization, "Bearer new");
});

test("a token function is called when there is something to send, and once for many posts", async () => {
  let calls = 0;
  const { world, say } = watched({ token: () => `token ${++calls}` });
  await world.pass(10_000);
  assert.equal(calls, 0);
  for (const text of ["a", "b", "c"]) {
    say(text);
    await world.pass(2_000);
  }
  assert.deepEqual(world.asked.map(({ init }) => init.headers.Authorization), Array(3).fill("Bearer token 1"));
});

test("a token function that fails is asked again, and nothing is lost", async () => {
  let calls = 0;
  const token = async () => {
    if (++calls < 3) throw new Error("the token server is away");
    return "late";
  };
  const { world, watcher, say } = watched({ token });
  say("a");
  await world.pass(30_000);
  assert.deepEqual(world.asked.map(({ init }) => init.headers.Authorization), ["Bearer late"]);
  assert.deepEqual(watcher.status(), { sent: 1, waiting: 0, lost: 0 });
});

for (const status of [400, 403, 413, 415]) {
  test(`${status} is final: the post is counted as lost and the next one goes out`, async () => {
    const { world, watcher, say } = watched({ answers: [{ status }, {}] });
    say("a");
    await world.pass(2_000);
    say("b");
    await world.pass(2_000);
    assert.deepEqual(texts(world.events), ["b"]);
    assert.deepEqual(watcher.status(), { sent: 1, waiting: 0, lost: 1 });
    assert.equal(world.posts[0].dropped, 1);
  });
}

test("an event that the daemon refused counts as lost, its neighbours do not", async () => {
  const { world, watcher, say } = watched({ answers: [{ said: { accepted: 1, rejected: [{ index: 0, error: "no" }] } }] });
  say("a");
  say("b");
  await world.pass(2_000);
  assert.deepEqual(watcher.status(), { sent: 1, waiting: 0, lost: 1 });
});

test("past the bound the oldest go, and are counted; the newest arrive", async () => {
  const { world, watcher, say } = watched({ answers: [{ lost: true }, {}], queueChars: 1_000 });
  for (const text of numbers(40)) say(text);
  const { waiting, lost } = watcher.status();
  assert.equal(waiting + lost, 40);
  assert.ok(lost >= 10 && waiting >= 10);
  await world.pass(10_000);
  assert.deepEqual(texts(world.events), numbers(40).slice(lost));
  assert.equal(world.posts[0].dropped, lost);
});

test("what is too large for any post is dropped, not tried for ever", async () => {
  const { world, watcher, say } = watched();
  watcher.preflight({ text: "x".repeat(60_000) });
  say("a");
  await world.pass(2_000);
  assert.deepEqual([texts(world.events), watcher.status().lost], [["a"], 1]);
});

test("a page that goes away sends everything that fits, in a form that needs no preflight", async () => {
  const { world, say } = watched({ flushMs: 60_000 });
  say("first");
  await world.pass(60_000);
  for (const text of numbers(100)) say(text + "x".repeat(1_000));
  await world.leave();
  const leaving = world.asked.slice(1);
  const bytes = leaving.reduce((total, { init }) => total + init.body.length, 0);
  assert.ok(bytes > 30_000 && bytes < 60_000, `${bytes}`);
  assert.ok(leaving.every(({ url, init }) => url.endsWith("?token=a%20token") && init.keepalive && !init.headers));
});

test("a page that goes away before its first post sends that, too, if it has a token at hand", async () => {
  const { world, say } = watched();
  say("a");
  await world.leave();
  assert.deepEqual(texts(world.events), ["a"]);
});

/** A room whose one remote video goes on and on. */
function movingRoom() {
  let count = 0;
  const getStats = async () => {
    count++;
    return [{ remoteVideoTrackStats: [{ trackSid: "MT1", ssrc: "1", bytesReceived: count * 1_000_000, packetsReceived: count * 990, packetsLost: count * 10, jitter: 4, frameRate: 24, dimensions: { width: 640, height: 480 }, freezeCount: count }] }];
  };
  return { ...quietRoom(), getStats };
}

test("an hour of stats that waited leaves with the page, as series", async () => {
  const world = new TestWorld({ lost: true });
  const watcher = watchIn(world, movingRoom(), OPTIONS);
  await world.pass(3_600_000);
  const { waiting } = watcher.status();
  const written = [...world.written.values()].join().length;
  world.answers = [{}];
  await world.leave();
  const bytes = world.posts.reduce((total, post) => total + JSON.stringify(post).length, 0);
  assert.ok(waiting > 350 && written > 64 * 1_024, `${waiting} ${written}`);
  assert.ok(bytes < 60_000, `${bytes}`);
  assert.deepEqual([world.events.length, watcher.status().waiting], [waiting, 0]);
});

test("bytes are counted, not letters, since browsers do so", async () => {
  const { world, say } = watched({ flushMs: 60_000 });
  say("first");
  await world.pass(60_000);
  for (const text of numbers(60)) say(text + "漢".repeat(1_000));
  await world.leave();
  const bytes = world.asked.slice(1).reduce((total, { init }) => total + Buffer.byteLength(init.body), 0);
  assert.ok(bytes < 60_000, `${bytes}`);
});

test("the rooms of a page share what browsers allow a page", async () => {
  let answer;
  const pending = new Promise((resolve) => (answer = resolve));
  const worlds = [new TestWorld({}, pending), new TestWorld({}, pending)];
  const rooms = worlds.map((world) => watched({ flushMs: 60_000 }, world));
  for (const { world, say } of rooms) {
    say("first");
    await world.pass(60_000);
    for (const text of numbers(40)) say(text + "x".repeat(1_000));
  }
  for (const world of worlds) await world.leave();
  const bytes = worlds.flatMap(({ asked }) => asked.slice(1)).reduce((total, { init }) => total + init.body.length, 0);
  answer();
  for (const world of worlds) await world.pass(120_000);
  assert.ok(bytes > 40_000 && bytes < 60_000, `${bytes}`);
  assert.deepEqual(worlds.map(({ events }) => events.length), [41, 41]);
});

test("what did not fit, or got no answer, survives a reload under its old number", async () => {
  const { world, say } = watched({ answers: [{ lost: true }] });
  say("a");
  await world.pass(2_000);
  say("b");
  await world.leave();
  const after = new TestWorld();
  after.written = world.written;
  watched({}, after);
  await after.pass(10_000);
  assert.deepEqual(texts(after.events), ["a", "b"]);
  const names = (asked) => asked.map(({ post }) => `${post.session} ${post.seq} ${texts(post.events)}`);
  assert.deepEqual(names(after.asked), [...new Set(names(world.asked).slice(-2))]);
  assert.equal(after.written.size, 0);
});

test("a page that was asked to wait does not send on its way out, but writes it down", async () => {
  const { world, say } = watched({ answers: [{ status: 429, headers: { "Retry-After": "30" } }, {}] });
  say("a");
  await world.pass(2_000);
  await world.leave();
  assert.deepEqual([world.asked.length, world.written.size], [1, 1]);
  await world.pass(60_000);
  assert.deepEqual([texts(world.events), world.written.size], [["a"], 0]);
});

test("a storage that is full or forbidden stops nothing", async () => {
  const world = new TestWorld();
  world.storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const { say } = watched({}, world);
  say("a");
  await world.leave();
  await world.pass(2_000);
  assert.deepEqual(texts(world.events), ["a"]);
});

test("a large post is packed, and is the same unpacked", async () => {
  globalThis.CompressionStream = CompressionStream;
  try {
    const { world, say } = watched();
    say("x".repeat(1_900));
    await world.pass(2_000);
    for (let tries = 0; !world.posts.length && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    const [{ init }] = world.asked;
    assert.equal(init.headers["Content-Encoding"], "gzip");
    assert.ok(init.body.byteLength < 500);
    assert.deepEqual(texts(world.events), ["x".repeat(1_900)]);
  } finally {
    delete globalThis.CompressionStream;
  }
});
