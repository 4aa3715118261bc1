// The pages: what the daemon last said, drawn again whenever it says something new.
//
// A call that was shared is shown without the frame: whoever holds the link has no login, and the frame would ask for one.

import { render } from "preact";
import { sharedToken } from "./call/address.ts";
import { Frame } from "./frame/frame.tsx";
import type { Live } from "./frame/live.ts";
import { SharedCall } from "./pages/shared.tsx";
import { announcement } from "./picture/announcement.ts";
import { poll } from "./polling.ts";

function draw(place: HTMLElement, live: Live): Live {
  render(<Frame live={live} />, place);
  return live;
}

function showPages(place: HTMLElement): void {
  let live = draw(place, { picture: null, lost: false, news: "" });
  void poll({
    picture(picture) {
      live = draw(place, { picture, lost: false, news: announcement(live.picture, picture) || live.news });
    },
    lost() {
      live = draw(place, { ...live, lost: true });
    },
  });
}

function showShared(place: HTMLElement, token: string): void {
  document.title = "A shared call · Roomwatch";
  const query = Object.fromEntries(new URLSearchParams(location.search));
  render(<SharedCall params={{ token }} query={query} />, place);
}

const root = document.getElementById("page");
if (root === null) throw new Error("index.html has no element with the id `page`");

root.replaceChildren();
const token = sharedToken(location.pathname);
if (token === null) showPages(root);
else showShared(root, token);
