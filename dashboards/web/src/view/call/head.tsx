// Which call is it: its name, when, how long, how many, and whether it still goes on.

import { useMay } from "../../frame/session.ts";
import type { Lanes, Story } from "../../call/shapes.ts";
import { type Incident } from "../../call/story.ts";
import { clock } from "../../call/axis.ts";
import { howLong, when, zone } from "../../call/words.ts";
import { isWhole } from "../../call/zoom.ts";
import { plural } from "../../picture/quantity.ts";
import type { Pulse } from "./following.ts";
import { ShareButton } from "./share.tsx";
import { useSight } from "./sight.ts";

interface HeadProps {
  story: Story;
  lanes: Lanes | null;
  pulse: Pulse;
  /** The address of the call in the API. */
  url: string;
  isShared: boolean;
}

const PULSES: Readonly<Record<Pulse, string>> = {
  asking: "asking",
  live: "live",
  "asking again": "live, asked again every 10 s",
  ended: "ended",
};

function people({ lanes }: Lanes): string {
  const identities = new Set(lanes.map(({ identity, key }) => identity ?? key));
  return identities.size === lanes.length
    ? plural(lanes.length, "participant")
    : `${plural(identities.size, "person", "people")} in ${plural(lanes.length, "stay")}`;
}

function Actions({ story, url }: { story: Story; url: string }) {
  const sight = useSight();
  const mayTakeAway = useMay("operator");
  const part = isWhole(sight.part, sight.whole) ? null : sight.part;
  return (
    <div class="actions">
      <a href="#story">What happened, in words</a>
      {mayTakeAway && (
        <>
          <a href={`${url}/bundle`} download>
            Evidence
          </a>
          <a href={`${url}/bundle?redact=true`} download>
            Evidence, nobody named
          </a>
          <ShareButton url={url} room={story.room_sid ?? story.room_name ?? ""} part={part} />
        </>
      )}
    </div>
  );
}

export function Head({ story, lanes, pulse, url, isShared }: HeadProps) {
  const { room_name, room_sid, created_at_ms, ended_at_ms, media_region, from_ms, to_ms } = story;
  const began = created_at_ms ?? from_ms;
  const ended = pulse === "ended" ? (ended_at_ms ?? to_ms) : null;
  return (
    <header class="call-head">
      <div class="call-name">
        <h2>{isShared ? "A call that was shared with you" : (room_name ?? room_sid ?? "Unnamed call")}</h2>
        <span class={ended === null ? "pulse-words" : "badge"} role="status">
          {PULSES[pulse]}
        </span>
        {!isShared && <Actions story={story} url={url} />}
      </div>
      <p class="call-facts">
        <span>
          {when(began, ended)} <span class="soft">{zone(began)}</span>
        </span>
        <span>{howLong(began, ended ?? Math.min(to_ms, Date.now()))}</span>
        {lanes !== null && <span>{people(lanes)}</span>}
        {media_region !== null && <span>{media_region}</span>}
        {!isShared && room_name !== null && room_sid !== null && <code class="sid">{room_sid}</code>}
      </p>
    </header>
  );
}

export function Incidents({ incidents }: { incidents: readonly Incident[] }) {
  if (incidents.length === 0) return null;
  return (
    <section class="call-incidents" aria-labelledby="incidents-heading">
      <h2 id="incidents-heading">{plural(incidents.length, "incident")}</h2>
      <ul>
        {incidents.map(({ id, rules, severity, atMs, untilMs, words }) => (
          <li key={id} class={`severity-${severity}`}>
            <span class="severity">{severity}</span>{" "}
            <span>
              <a href={`/incidents/${encodeURIComponent(id)}`}>{words}</a>{" "}
              <span class="soft">
                {clock(atMs)} – {untilMs === null ? "now" : clock(untilMs)}
                {rules.length > 1 && `, ${rules.length} rules`}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
