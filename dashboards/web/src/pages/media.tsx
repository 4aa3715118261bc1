// Will the recording ever arrive?  What is open and by when it is due, what failed and why, and what is finished.

import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { MediaPage, MediaState, Medium } from "../answers.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import type { PageProps } from "../frame/pages.tsx";
import { mediumKey, waiting } from "../picture/media.ts";
import { count } from "../picture/quantity.ts";
import { failedColumns, finishedColumns, openColumns } from "../view/media-columns.tsx";
import { Records } from "../view/records.tsx";

const REFRESH_MS = 10_000;
const OPEN_SHOWN = 500;
const OTHERS_SHOWN = 25;

interface Part {
  state: MediaState;
  name: string;
  what: string;
  none: string;
}

const PARTS: readonly Part[] = [
  {
    state: "open",
    name: "Open",
    what: "the most overdue first",
    none: "Nobody waits for anything: no recording is being captured, and no composition is on its way.",
  },
  { state: "failed", name: "Failed", what: "the latest first", none: "Nothing has failed of late." },
  {
    state: "finished",
    name: "Finished",
    what: "the latest first",
    none: "Nothing is finished yet. Recordings are seen once Twilio is asked, or calls back; older ones are with their calls.",
  },
];

interface Asked {
  kind: string;
  text: string;
}

function url(state: MediaState, { kind, text }: Asked, after: string | null): string {
  const query = new URLSearchParams({ state, limit: String(state === "open" ? OPEN_SHOWN : OTHERS_SHOWN) });
  if (kind !== "") query.set("kind", kind);
  if (text !== "") query.set("text", text);
  if (after !== null) query.set("after", after);
  return `/api/v1/media?${query}`;
}

interface MediaListProps {
  part: Part;
  asked: Asked;
  after: string | null;
}

function Listed({ state, media, nowMs }: { state: MediaState; media: readonly Medium[]; nowMs: number }) {
  const labelledBy = `${state}-heading`;
  if (state === "open") {
    const keyOf = ({ medium }: { medium: Medium }) => mediumKey(medium);
    return <Records labelledBy={labelledBy} columns={openColumns(nowMs)} records={waiting(media)} keyOf={keyOf} />;
  }
  const columns = state === "failed" ? failedColumns(nowMs) : finishedColumns(nowMs);
  return <Records labelledBy={labelledBy} columns={columns} records={media} keyOf={mediumKey} />;
}

function MediaList({ part, asked, after }: MediaListProps) {
  const { state, none } = part;
  const answer = useAnswer<MediaPage>(url(state, asked, after), { everyMs: after === null ? REFRESH_MS : 0 });
  const [goesOn, setGoesOn] = useState(false);
  const isLookingFor = asked.kind !== "" || asked.text !== "";
  return (
    <Answered answer={answer} what={`what is ${state}`}>
      {({ media, next, now_ms }) => (
        <>
          {media.length === 0 && <p class="empty">{isLookingFor ? "None of what was looked for." : none}</p>}
          {media.length > 0 && <Listed state={state} media={media} nowMs={now_ms} />}
          {next !== null && !goesOn && (
            <button type="button" class="more" onClick={() => setGoesOn(true)}>
              Older ones
            </button>
          )}
          {next !== null && goesOn && <MediaList part={part} asked={asked} after={next} />}
        </>
      )}
    </Answered>
  );
}

function MediaPart({ part, asked, total }: { part: Part; asked: Asked; total: number | null }) {
  return (
    <section class="media" aria-labelledby={`${part.state}-heading`}>
      <div class="section-head">
        <h2 id={`${part.state}-heading`}>
          {part.name}
          {total !== null && <span class="total"> {count(total)}</span>}
        </h2>
        <span class="order">{part.what}</span>
      </div>
      <MediaList part={part} asked={asked} after={null} />
    </section>
  );
}

function MediaForm({ asked }: { asked: Asked }) {
  const { route } = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const pairs = ["q", "kind"].map((name) => [name, String(given.get(name) ?? "").trim()]);
    const query = new URLSearchParams(pairs.filter(([, value]) => value !== "")).toString();
    route(query === "" ? "/media" : `/media?${query}`);
  };
  return (
    <form class="search-form" role="search" action="/media" onSubmit={submit}>
      <label class="field field-wide">
        <span>Room, recording, composition, participant or identity</span>
        <input type="search" name="q" defaultValue={asked.text} autocomplete="off" spellcheck={false} />
      </label>
      <label class="field">
        <span>Kind</span>
        <select name="kind">
          {["", "composition", "recording"].map((kind) => (
            <option key={kind} value={kind} selected={kind === asked.kind}>
              {kind === "" ? "both" : `${kind}s`}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Find</button>
    </form>
  );
}

export function Media({ query = {} }: PageProps) {
  const kind = query.kind === "composition" || query.kind === "recording" ? query.kind : "";
  const asked = { kind, text: (query.q ?? "").trim() };
  const { value } = useAnswer<MediaPage>(url("open", asked, null).replace(/limit=\d+/, "limit=1"), { everyMs: REFRESH_MS });
  return (
    <>
      <section class="page" aria-labelledby="media-heading">
        <div class="section-head">
          <h2 id="media-heading">Recordings and compositions</h2>
        </div>
        <MediaForm key={JSON.stringify(asked)} asked={asked} />
      </section>
      {PARTS.map((part) => (
        <MediaPart key={`${part.state} ${JSON.stringify(asked)}`} part={part} asked={asked} total={value?.totals[part.state] ?? null} />
      ))}
    </>
  );
}
