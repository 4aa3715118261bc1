// What waits to be sent?
//
// Posts, in order.  A post keeps its number from the moment it is opened, and nothing is added once it was tried: what
// is sent again is the same, and the daemon stores it once.  Past the bound the oldest event is dropped and counted; a
// post that is on its way is spared, since it has most likely arrived.

import { POST_CHARS } from "./limits.ts";
import type { World } from "./world.ts";

export interface Post {
  /** The fields that the post was opened with, as JSON without its braces. */
  readonly head: string;
  readonly events: string[];
}

export interface Queue {
  posts: readonly Post[];
  readonly underWay: Set<Post>;
  sent: number;
  lost: number;
  take(event: string): void;
  /** Let nothing more into the last post. */
  seal(): void;
  remove(post: Post): void;
  /** Write the posts down, or forget what was written if there are none. */
  save(): void;
}

export function openQueue(head: () => object, limitChars: number, world: World, key: string): Queue {
  let open: Post | undefined;

  function trim(): void {
    for (const post of queue.posts) {
      while (!queue.underWay.has(post) && charsOf(queue.posts) > limitChars && post.events.shift()) queue.lost++;
    }
    queue.posts = queue.posts.filter((post) => post.events.length);
  }

  const queue: Queue = {
    posts: [],
    underWay: new Set(),
    sent: 0,
    lost: 0,
    take(event) {
      if (event.length > POST_CHARS) return void queue.lost++;
      if (!open || !queue.posts.includes(open) || charsOf([open]) + event.length > POST_CHARS) {
        open = { head: JSON.stringify(head()).slice(1, -1), events: [] };
        queue.posts = [...queue.posts, open];
      }
      open.events.push(event);
      trim();
    },
    seal() {
      open = undefined;
    },
    remove(post) {
      queue.posts = queue.posts.filter((each) => each !== post);
    },
    save() {
      try {
        if (queue.posts.length) world.storage.setItem(key, JSON.stringify(queue.posts));
        else world.storage.removeItem(key);
      } catch {} // full, or forbidden
    },
  };
  try {
    queue.posts = JSON.parse(world.storage.getItem(key) ?? "[]") as Post[];
  } catch {} // forbidden, or not ours
  return queue;
}

function charsOf(posts: readonly Post[]): number {
  return eventsOf(posts).join().length;
}

export function eventsOf(posts: readonly Post[]): string[] {
  return posts.flatMap((post) => post.events);
}
