// Whether our own eyes and voice work: telemetry coming in, Twilio answering, notifications going out.

import type { Picture, TwilioSource } from "../api.ts";
import { sourceFreshness, sourcesWorthShowing, telemetryFreshness, type Health } from "../picture/freshness.ts";
import { count, plural } from "../picture/quantity.ts";

interface ItemProps {
  name: string;
  health: Health;
  words: string;
  detail?: string;
}

function Item({ name, health, words, detail }: ItemProps) {
  return (
    <div class={`status health-${health}`} title={detail}>
      <dt>
        <span class="mark" aria-hidden="true" />
        {name}
      </dt>
      <dd>
        {(health === "stale" || health === "failing") && <strong>{health}: </strong>}
        {words}
      </dd>
    </div>
  );
}

function Telemetry({ picture }: { picture: Picture }) {
  const { posts, events } = picture.telemetry;
  const detail = `${plural(posts, "post")}, ${plural(events, "event")}`;
  return <Item name={`Telemetry, ${plural(posts, "post")}`} {...telemetryFreshness(picture)} detail={detail} />;
}

function Notifications({ picture }: { picture: Picture }) {
  const { waiting, dead } = picture.notifications;
  if (dead === 0) return <Item name="Notifications" health="ok" words={`${count(waiting)} waiting`} />;
  return <Item name="Notifications" health="failing" words={`${count(dead)} given up, ${count(waiting)} waiting`} />;
}

function Source({ source, nowMs, showAccount }: { source: TwilioSource; nowMs: number; showAccount: boolean }) {
  const name = `Twilio ${source.resource.replaceAll("_", " ")}${showAccount ? `, ${source.account}` : ""}`;
  const freshness = sourceFreshness(source, nowMs);
  return <Item name={name} {...freshness} detail={`${source.account}: ${freshness.words}`} />;
}

export function StatusStrip({ picture }: { picture: Picture }) {
  const accounts = new Set(picture.sources.map(({ account }) => account));
  return (
    <dl class="status-strip" aria-label="Roomwatch itself">
      <Telemetry picture={picture} />
      {sourcesWorthShowing(picture.sources, picture.now_ms).map((source) => (
        <Source
          key={`${source.account}/${source.resource}`}
          source={source}
          nowMs={picture.now_ms}
          showAccount={accounts.size > 1}
        />
      ))}
      <Notifications picture={picture} />
    </dl>
  );
}
