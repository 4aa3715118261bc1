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
import { FIRST_BACKOFF_MS, KEEPALIVE_BYTES, LONGEST_BACKOFF_MS, TIMEOUT_MS, WORTH_PACKING_CHARS } from "./limits.ts";
import type { Post, Queue } from "./queue.ts";
import { inSeries } from "./series.ts";
import type { World } from "./world.ts";

const NEVER_TAKEN: readonly unknown[] = [400, 403, 413, 415];
const ADDRESSES = /^(ip|address|relatedAddress|url)$/; // in the ICE candidates of a preflight

/** Whether the daemon has told this page to say nothing more. */
export let isSilenced = false;

/** What is under way from this page, whichever room it is about: browsers count by the page, too. */
let underWayBytes = 0;

export interface Sender {
  take(event: object): void;
  /** Send what waits, and let go of the page then. */
  close(): void;
}

interface Answer {
  ok?: boolean;
  status?: number; // none: there was no answer
  retryAfter?: string | null;
  stop?: boolean;
  accepted?: number;
}

export function openSender(options: Options, queue: Queue, world: World, onSilence: () => void): Sender {
  const url = options.url.replace(/\/*$/, "/v1/telemetry");
  const flushMs = options.flushMs ?? 2_000;
  const { underWay } = queue;
  let token = typeof options.token === "function" ? undefined : options.token;
  let failures = 0;
  let isClosing = false;
  let notBeforeMs = 0;
  let askedUntilMs = 0;
  let dueMs = Infinity;
  let callOff = () => {};

  function schedule(delayMs: number): void {
    const atMs = Math.max(world.now() + delayMs, notBeforeMs);
    if (!queue.posts.length) return void (isClosing && release());
    if (underWay.size || atMs >= dueMs) return;
    callOff();
    dueMs = atMs;
    callOff = world.after(atMs - world.now(), sendNext);
  }

  const sendNext = guarded(() => {
    dueMs = Infinity;
    const post = queue.posts[0];
    if (!post || underWay.size || isSilenced) return;
    if (post === queue.posts.at(-1)) queue.seal();
    return sendOne(post, send);
  });

  /** Send a post, unless more bytes than `limitBytes` would be under way then. */
  async function sendOne(post: Post, by: (body: string) => Promise<Answer>, limitBytes = Infinity): Promise<void> {
    const events = JSON.stringify(inSeries(JSON.parse(`[${post.events}]`)));
    const body = `{"v":1,"sent_at":${world.now()},"dropped":${queue.lost},${post.head},"events":${events}}`;
    const bytes = new Blob([body]).size;
    if (underWayBytes + bytes > limitBytes) return;
    underWay.add(post);
    underWayBytes += bytes;
    const answer = await by(body).catch((): Answer => ({}));
    underWayBytes -= bytes;
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
    const said = (await response.json().catch(() => {})) as Partial<Answer> | undefined;
    return { ...said, ok: response.ok, status: response.status, retryAfter: response.headers.get("Retry-After") };
  }

  function settle(post: Post, { ok, status, retryAfter, stop, accepted }: Answer): void {
    const { length } = post.events;
    if (isSilenced || status === 410 || stop) return silence();
    if (ok || NEVER_TAKEN.includes(status)) {
      const sent = ok ? (accepted ?? length) : 0; // of a series, each row counts
      queue.sent += sent;
      queue.lost += length - sent;
      queue.remove(post);
      failures = notBeforeMs = 0;
    } else {
      if (status === 401) token = undefined;
      askedUntilMs = world.now() + (Number(retryAfter) * 1_000 || 0); // a date, which some proxies send, is no number
      // Full jitter, so that browsers that lost a daemon together do not come back together.
      notBeforeMs = askedUntilMs + world.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++);
    }
    queue.save(); // as it is by now
    schedule(failures || isClosing || queue.posts.length > 1 ? 0 : flushMs);
  }

  const leave = guarded(() => {
    queue.seal();
    queue.save();
    if (!token || world.now() < askedUntilMs) return;
    for (const post of queue.posts) {
      if (!underWay.has(post)) guarded(sendOne)(post, sendLeaving, KEEPALIVE_BYTES);
    }
  });
  const release = world.onLeave(leave);

  function silence(): void {
    isSilenced = true;
    queue.posts = [];
    queue.save();
    onSilence(); // which closes this
  }

  schedule(0); // what the page before a reload left
  return {
    take(event) {
      if (isSilenced) return silence(); // another room of this page was told
      queue.take(JSON.stringify(event, withoutAddress));
      schedule(flushMs);
    },
    close() {
      isClosing = true;
      schedule(0);
    },
  };
}

function withoutAddress(name: string, value: unknown): unknown {
  return ADDRESSES.test(name) ? undefined : value;
}
