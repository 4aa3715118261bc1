// A real Room that is watched, in a world that waits for the test; everything is over after it.

import { afterEach } from "node:test";
import { watchIn } from "../src/roomwatch.ts";
import { Call, over, settled } from "./twilio.js";
import { TestWorld } from "./world.js";

export const OPTIONS = { url: "https://watch.example.com/", token: "a token" };

const running = [];

/** Join a call, and watch it; `options` are the call's, `options.watch` ours. */
export async function watched(options = {}) {
  const call = new Call(options);
  await settled();
  return { call, ...watching(call, options.watch) };
}

/** Watch a call that goes on, with a daemon that gives these answers. */
export function watching(call, options = {}, ...answers) {
  const world = new TestWorld(...answers);
  const watcher = watchIn(world, call.room, { ...OPTIONS, ...options });
  running.push(async () => {
    watcher.stop();
    await over(call);
  });
  return { world, watcher };
}

afterEach(() => Promise.all(running.splice(0).map((end) => end())));
