// The line that never leaves: how many, how bad, and as of when.

import type { Picture } from "../api.ts";
import { Menu } from "../frame/menu.tsx";
import { isOverdue } from "../picture/overdue.ts";
import { count } from "../picture/quantity.ts";
import { isInTrouble } from "../picture/worst.ts";
import { Clock } from "./time.tsx";

interface TallyProps {
  href: string;
  name: string;
  total: number;
  worse: number;
  worseWord: string;
}

function Tally({ href, name, total, worse, worseWord }: TallyProps) {
  return (
    <li>
      <a href={href}>
        <b>{count(total)}</b> {name}
        {worse > 0 && (
          <strong class="strained">
            {count(worse)} {worseWord}
          </strong>
        )}
      </a>
    </li>
  );
}

function Tallies({ picture }: { picture: Picture }) {
  const { rooms, alerts, compositions } = picture;
  const firing = alerts.filter(({ state }) => state === "firing");
  const critical = firing.filter(({ severity }) => severity === "critical").length;
  return (
    <nav class="now" aria-label="As of now">
      <ul class="tallies">
        <Tally href="/#alerts" name="firing" total={firing.length} worse={critical} worseWord="critical" />
        <Tally href="/#rooms" name="live" total={rooms.length} worse={rooms.filter(isInTrouble).length} worseWord="in trouble" />
        <Tally
          href="/#compositions"
          name="composing"
          total={compositions.length}
          worse={compositions.filter(isOverdue).length}
          worseWord="late"
        />
      </ul>
    </nav>
  );
}

interface MastheadProps {
  picture: Picture | null;
  lost: boolean;
}

function Lost({ picture }: { picture: Picture | null }) {
  if (picture === null) return <>Roomwatch does not answer. Trying again.</>;
  return (
    <>
      Connection to Roomwatch lost, showing the picture of <Clock atMs={picture.now_ms} />. Trying again.
    </>
  );
}

export function Masthead({ picture, lost }: MastheadProps) {
  return (
    <header class="masthead">
      <div class="masthead-line">
        <h1>
          <a href="/">Roomwatch</a>
        </h1>
        {picture !== null && <Tallies picture={picture} />}
        {picture !== null && (
          <p class={lost ? "pulse pulse-lost" : "pulse"}>
            {picture.demo && <span class="badge">demo: nobody here is real</span>}
            <span class="pulse-words">{lost ? "as of" : "live"}</span> <Clock atMs={picture.now_ms} />
          </p>
        )}
      </div>
      <Menu />
      <p class="lost" role="status">
        {lost && <Lost picture={picture} />}
      </p>
    </header>
  );
}
