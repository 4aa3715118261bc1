// The page: what the daemon last said, drawn again whenever it says something new.

import { render } from "preact";
import type { Picture } from "./api.ts";
import { announcement } from "./picture/announcement.ts";
import { poll } from "./polling.ts";
import { Page } from "./view/page.tsx";

const root = document.getElementById("page");
if (root === null) throw new Error("index.html has no element with the id `page`");

let picture: Picture | null = null;
let lost = false;
let news = "";

function draw(place: HTMLElement): void {
  const firing = picture?.alerts.filter(({ state }) => state === "firing").length ?? 0;
  document.title = firing === 0 ? "Roomwatch" : `(${firing}) Roomwatch`;
  render(<Page picture={picture} lost={lost} news={news} />, place);
}

root.replaceChildren();
draw(root);
void poll({
  picture(next) {
    news = announcement(picture, next) || news;
    picture = next;
    lost = false;
    draw(root);
  },
  lost() {
    lost = true;
    draw(root);
  },
});
