// A page whose clock stands still until told, and a daemon that answers as told.

import { unrolled } from "./series.js";

// Packing takes as long as it takes, on a thread of its own; a test that is not about it is better off without.
export const { CompressionStream } = globalThis;
delete globalThis.CompressionStream;

export class TestWorld {
  constructor(...answers) {
    this.at = 1_763_690_000_000;
    this.answers = answers; // the last one for ever
    this.asked = [];
    this.posts = [];
    this.timers = [];
    this.written = new Map();
    this.luck = 0.5;
    this.storage = {
      getItem: (key) => this.written.get(key) ?? null,
      setItem: (key, value) => this.written.set(key, value),
      removeItem: (key) => this.written.delete(key),
    };
    this.leavers = new Set();
  }

  now() {
    return this.at;
  }

  random() {
    return this.luck;
  }

  after(ms, work) {
    const timer = { dueAt: this.at + ms, work };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  }

  onLeave(work) {
    this.leavers.add(work);
    return () => this.leavers.delete(work);
  }

  async fetch(url, init) {
    const body = typeof init.body === "string" ? init.body : await unpacked(init.body);
    const post = JSON.parse(body);
    this.asked.push({ url, init, at: this.at, post });
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const { status = 202, headers = {}, said = { accepted: unrolled(post.events).length, rejected: [] }, lost = false } = (await answer) ?? {};
    if (lost) throw new TypeError("Failed to fetch");
    if (status === 202) this.posts.push(post);
    return new Response(JSON.stringify(said), { status, headers });
  }

  /** Let time pass; whatever falls due is done, and what follows from it at once, too. */
  async pass(ms) {
    const end = this.at + ms;
    await quiet();
    for (;;) {
      const [next] = this.timers.filter(({ dueAt }) => dueAt <= end).sort((one, other) => one.dueAt - other.dueAt);
      if (!next) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.at = Math.max(this.at, next.dueAt);
      next.work();
      await quiet();
    }
    this.at = end;
  }

  async leave() {
    this.leavers.forEach((work) => work());
    await quiet();
  }

  get events() {
    return this.posts.flatMap(({ events }) => unrolled(events));
  }

  of(type) {
    return this.events.filter((event) => event.type === type).map(({ at, type: _, ...rest }) => rest);
  }
}

/** Promises, and answers that are read, take some turns of the real loop. */
export async function quiet() {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function unpacked(body) {
  return new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
