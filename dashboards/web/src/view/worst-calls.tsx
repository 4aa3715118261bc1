// The calls of the last day that were worst, by the share of minutes in which somebody's level was bad.

import { useEffect, useState } from "preact/hooks";
import type { FoundCalls, WorstCalls as Worst } from "../answers.ts";
import { ask, useAnswer } from "../frame/asking.ts";
import { Lacking } from "../frame/answer.tsx";
import { callHref } from "../picture/links.ts";
import { count, percent } from "../picture/quantity.ts";

const SHOWN = 8;
const REFRESH_MS = 60_000;

/** Return the names of rooms by their SIDs, as they become known: one question after the other. */
function useNames(sids: readonly string[]): Map<string, string> {
  const [names, setNames] = useState(new Map<string, string>());
  const wanted = sids.join(" ");
  useEffect(() => {
    const ended = new AbortController();
    void nameEach(wanted === "" ? [] : wanted.split(" "), ended.signal, setNames);
    return () => ended.abort();
  }, [wanted]);
  return names;
}

type Learn = (next: (before: Map<string, string>) => Map<string, string>) => void;

async function nameEach(sids: readonly string[], ended: AbortSignal, learn: Learn): Promise<void> {
  for (const sid of sids) {
    const url = `/api/v1/rooms?text=${encodeURIComponent(sid)}&limit=1`;
    const found = await ask<FoundCalls>(url, ended).catch(() => null);
    if (ended.aborted) return;
    const name = found?.rooms[0]?.room_name;
    if (name) learn((before) => new Map(before).set(sid, name));
  }
}

function WorstCall({ room, value, of, name }: Worst["rooms"][number] & { name: string | undefined }) {
  return (
    <li>
      <a href={callHref(room)}>{name ?? room}</a>
      <span class="amount">
        <strong class="strained">{percent(value)}</strong> of {count(Math.round(of))} min
      </span>
      <meter min={0} max={1} value={value} aria-hidden="true" />
    </li>
  );
}

export function WorstCalls() {
  const { value, trouble } = useAnswer<Worst>(`/api/v1/worst-rooms?limit=${SHOWN}`, { everyMs: REFRESH_MS });
  const bad = value?.rooms.filter((room) => room.value > 0) ?? [];
  const names = useNames(bad.map(({ room }) => room));
  return (
    <section class="worst" aria-labelledby="worst-heading">
      <div class="section-head">
        <h2 id="worst-heading">Worst of the last 24 hours</h2>
        <span class="order">by bad minutes</span>
      </div>
      <Lacking words={value?.lacking ?? ""} />
      {trouble !== "" && <p class="empty">{trouble}</p>}
      {value !== null && value.lacking === "" && value.rooms.length === 0 && (
        <p class="empty">No browser has posted telemetry in this time, so there is nothing to judge calls by.</p>
      )}
      {value !== null && value.rooms.length > 0 && value.lacking === "" && bad.length === 0 && <p class="empty">No call had a bad minute.</p>}
      {bad.length > 0 && (
        <ol>
          {bad.map((each) => (
            <WorstCall key={each.room} {...each} name={names.get(each.room)} />
          ))}
        </ol>
      )}
    </section>
  );
}
