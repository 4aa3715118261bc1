// What waits to be sent?
//
// Posts, in order.  A post keeps its number from the moment it is opened, and nothing is added once it was tried: what
// is sent again is the same, and the daemon stores it once.  Past the bound the oldest event is dropped and counted; a
// post that is on its way is spared, since it has most likely arrived.

export interface Post {
  /** The fields that the post was opened with, as JSON without its braces. */
  readonly head: string;
  readonly events: string[];
  chars: number;
}

export interface Queue {
  posts: readonly Post[];
  sent: number;
  lost: number;
  add(event: string): void;
  /** Let nothing more into the last post. */
  seal(): void;
  remove(post: Post): void;
  /** Write the posts down, or forget what was written if there are none. */
  save(): void;
}

/** As much as one post holds, so that it may be sent while the page goes away: browsers allow 64 KiB for that. */
export const POST_CHARS = 48_000;

export function openQueue(
  head: () => object,
  limitChars: number,
  isOnItsWay: (post: Post) => boolean,
  storage: Storage | undefined,
  key: string,
): Queue {
  let isOpen = false;

  function trim(): void {
    let excess = queue.posts.reduce((chars, post) => chars + post.chars, -limitChars);
    for (const post of queue.posts.filter((each) => !isOnItsWay(each))) {
      for (; excess > 0 && post.events.length; queue.lost++) {
        const { length } = post.events.shift()!;
        excess -= length;
        post.chars -= length;
      }
      if (!post.events.length) queue.remove(post);
    }
  }

  const queue: Queue = {
    posts: saved(storage, key),
    sent: 0,
    lost: 0,
    add(event) {
      if (event.length > POST_CHARS) return void queue.lost++;
      let post = queue.posts.at(-1);
      if (!isOpen || !post || post.chars + event.length > POST_CHARS) {
        post = { head: JSON.stringify(head()).slice(1, -1), events: [], chars: 0 };
        queue.posts = [...queue.posts, post];
        isOpen = true;
      }
      post.events.push(event);
      post.chars += event.length;
      trim();
    },
    seal() {
      isOpen = false;
    },
    remove(post) {
      if (post === queue.posts.at(-1)) isOpen = false;
      queue.posts = queue.posts.filter((each) => each !== post);
    },
    save() {
      try {
        if (queue.posts.length) storage?.setItem(key, JSON.stringify(queue.posts));
        else storage?.removeItem(key);
      } catch {} // full, or forbidden
    },
  };
  return queue;
}

function saved(storage: Storage | undefined, key: string): Post[] {
  try {
    return JSON.parse(storage?.getItem(key) ?? "[]") as Post[];
  } catch {
    return [];
  }
}
