// Do the types fit those of the SDK?  Checked by `npm run check`, never run.

import type { Room } from "twilio-video";
import { watch } from "../src/api";

export function join(room: Room, fetchToken: () => Promise<string>): void {
  const watcher = watch(room, { url: "https://watch.example.com", token: fetchToken, intervalMs: 5_000 });
  watcher.feedback({ rating: 4, text: "well" });
  watcher.stop();
}

export function couldNotJoin(identity: string, error: unknown, token: string): void {
  watch({ name: "acme:class:1", identity }, { url: "https://watch.example.com", token }).failed(error, "video");
}
