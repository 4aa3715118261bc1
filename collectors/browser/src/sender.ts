// When is what waits sent, and what becomes of it?
//
//     2xx                     stored: forgotten here
//     400, 403, 413, 415      will never be taken: counted as lost
//     401                     another token is asked for
//     410, or "stop": true    this page says nothing more
//     anything else, silence  sent again under the same number, ever more rarely, and never before Retry-After
//
// One request at a time.  Only when the page may go away is everything that fits sent at once, in the form that needs no
// preflight, since nobody would be left to wait for one.

import type { Options } from "./api.ts";
import { guarded } from "./guard.ts";
import { openQueue, type Post, type Queue } from "./queue.ts";
import type { World } from "./world.ts";

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
const TIMEOUT_MS = 30_000;
const KEEPALIVE_BYTES = 60_000; // what browsers allow to be under way when a page goes, less a reserve
const WORTH_PACKING_CHARS = 1_000;
const NEVER_TAKEN = [400, 403, 413, 415];

let silenced = false;

/** Whether the daemon has told this page to say nothing more. */
export function isSilenced(): boolean {
  return silenced;
}

export interface Sender {
  readonly queue: Queue;
  add(event: object): void;
  /** Send what waits, and let go of the page then. */
  close(): void;
}

interface Answer {
  status: number;
  retryAfter?: string | null;
  stop?: boolean;
  rejected?: unknown[];
}

export function openSender(
  options: Options,
  head: () => object,
  key: string,
  world: World,
  onSilence: () => void,
): Sender {
  const url = options.url.replace(/\/*$/, "/v1/telemetry");
  const flushMs = options.flushMs ?? 2_000;
  const underWay = new Set<Post>();
  const queue = openQueue(head, options.queueChars ?? 262_144, (post) => underWay.has(post), world.storage, key);
  let token = typeof options.token === "string" ? options.token : undefined; // at once, should the page go before a post
  let failures = 0;
  let isClosing = false;
  let notBeforeMs = 0;
  let askedUntilMs = 0;
  let dueMs = Infinity;
  let callOff = () => {};

  function schedule(delayMs: number): void {
    const atMs = Math.max(world.now() + delayMs, notBeforeMs);
    if (underWay.size || atMs >= dueMs || !queue.posts.length) return;
    callOff();
    dueMs = atMs;
    callOff = world.after(atMs - world.now(), sendNext);
  }

  const sendNext = guarded(async () => {
    dueMs = Infinity;
    const post = queue.posts[0];
    if (post && !underWay.size && !silenced) await sendOne(post, send);
  });

  async function sendOne(post: Post, by: (body: string) => Promise<Answer>): Promise<void> {
    if (post === queue.posts.at(-1)) queue.seal();
    underWay.add(post);
    const body = `{"v":1,"sent_at":${world.now()},"dropped":${queue.lost},${post.head},"events":[${post.events}]}`;
    const answer = await by(body).catch(() => ({ status: 0 }));
    underWay.delete(post);
    settle(post, answer);
  }

  async function send(body: string): Promise<Answer> {
    token ??= await (typeof options.token === "function" ? options.token() : options.token);
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    let packed: BodyInit = body;
    if (body.length > WORTH_PACKING_CHARS && globalThis.CompressionStream) {
      packed = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
      headers["Content-Encoding"] = "gzip";
    }
    return ask(url, packed, headers);
  }

  /** Send while the page goes away: without a header that a browser would first ask permission for. */
  function sendLeaving(body: string): Promise<Answer> {
    return ask(`${url}?token=${encodeURIComponent(token!)}`, body);
  }

  async function ask(address: string, body: BodyInit, headers?: Record<string, string>): Promise<Answer> {
    const response = await world.fetch(address, {
      method: "POST",
      headers: headers!,
      body,
      signal: AbortSignal.timeout?.(TIMEOUT_MS)!, // without, where it is not known
      keepalive: !(headers && failures), // should others of the page have used up what is allowed of this
      credentials: "omit",
    });
    const said = (await response.json().catch(() => null)) as Partial<Answer> | null;
    return { ...said, status: response.status, retryAfter: response.headers.get("Retry-After") };
  }

  function settle(post: Post, { status, retryAfter, stop, rejected }: Answer): void {
    const isTaken = status >= 200 && status < 300;
    if (silenced || status === 410 || stop) return silence();
    if (isTaken || NEVER_TAKEN.includes(status)) {
      const lost = isTaken ? (rejected?.length ?? 0) : post.events.length;
      queue.lost += lost;
      queue.sent += post.events.length - lost;
      queue.remove(post);
      failures = notBeforeMs = 0;
    } else {
      if (status === 401) token = undefined;
      putOff(retryAfter);
    }
    queue.save(); // as it is by now
    if (isClosing && !queue.posts.length) release();
    schedule(failures || isClosing || queue.posts.length > 1 ? 0 : flushMs);
  }

  /** Full jitter, so that browsers that lost a daemon together do not come back together. */
  function putOff(retryAfter?: string | null): void {
    const askedMs = Number(retryAfter) * 1_000 || 0; // a date, which some proxies send, is no number
    askedUntilMs = world.now() + askedMs;
    const longestMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++);
    notBeforeMs = askedUntilMs + world.random() * longestMs;
  }

  const leave = guarded(() => {
    queue.seal();
    queue.save();
    if (!token || world.now() < askedUntilMs) return;
    let bytes = 0; // of those under way, too: they come first
    for (const post of queue.posts) {
      bytes += post.chars + 1_000;
      if (bytes < KEEPALIVE_BYTES && !underWay.has(post)) guarded(sendOne)(post, sendLeaving);
    }
  });
  const release = world.onLeave(leave);

  function silence(): void {
    silenced = true;
    queue.posts = [];
    queue.save();
    onSilence(); // which closes this
  }

  schedule(0); // what the page before a reload left
  return {
    queue,
    add(event) {
      if (silenced) return silence(); // another room of this page was told
      queue.add(JSON.stringify(event));
      schedule(flushMs);
    },
    close() {
      isClosing = true;
      if (queue.posts.length) schedule(0);
      else release();
    },
  };
}
