// Why did it fire, or not, or not reach me?  A rule, a call or a person in it, and a moment; the answer in sentences.

import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Explained, Explanation, Rules } from "../api/explanations.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import { address, callAddress } from "../picture/address.ts";
import { fieldOf, momentOf, zone } from "../picture/local-time.ts";
import { Field } from "../view/field.tsx";
import { InWords } from "../view/in-words.tsx";
import { When } from "../view/when.tsx";

type Query = Readonly<Record<string, string>>;

interface Asked {
  rule: string;
  room: string;
  participant: string;
  at: string;
}

/** Of an alert about a call or somebody in it the entity names both: `RM…/PA…`. */
function placeOf(explained: Explained | null): Query {
  const [first] = explained?.alerts ?? [];
  if (first === undefined || (first.kind !== "participant" && first.kind !== "room")) return {};
  const [room = "", participant = ""] = first.entity.replace(/^name:/, "").split("/");
  return { room, participant: participant.replace(/^identity:/, ""), rule: first.rule };
}

function askedIn(query: Query): Asked {
  const atMs = /^\d{1,15}$/.test(query.at ?? "") ? Number(query.at) : null;
  return {
    rule: query.rule ?? "",
    room: query.room ?? "",
    participant: query.participant ?? "",
    at: atMs === null ? "" : fieldOf(atMs),
  };
}

function Suggestions({ room }: { room: string }) {
  const rules = useAnswer<Rules>("/api/v1/rules").value?.rules ?? [];
  const rooms = useLive().picture?.rooms ?? [];
  const meant = rooms.find(({ room_sid, room_name }) => room !== "" && (room === room_sid || room === room_name));
  return (
    <>
      <datalist id="explain-rules">
        {rules.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id="explain-rooms">
        {rooms.map(({ room_sid, room_name }) => (
          <option key={room_sid ?? room_name} value={room_name ?? room_sid ?? ""} />
        ))}
      </datalist>
      <datalist id="explain-people">
        {(meant?.participants ?? []).map(({ identity, participant_sid }) => (
          <option key={participant_sid ?? identity} value={identity ?? participant_sid ?? ""} />
        ))}
      </datalist>
    </>
  );
}

/** Which field a refusal is about: it begins with the name of the parameter. */
function refusedField(words: string): string {
  return /^(room|participant|rule|at): /.exec(words)?.[1] ?? "";
}

function Form({ query, refusal }: { query: Query; refusal: string }) {
  const { route } = useLocation();
  const [asked, setAsked] = useState(() => askedIn(query));
  const [isSent, setSent] = useState(false);
  const field = refusedField(refusal);
  const refused = (name: string) => (field === name ? refusal : undefined);
  const change = (changed: Partial<Asked>) => setAsked((before) => ({ ...before, ...changed }));
  const send = () => {
    setSent(true);
    const room = asked.room.trim();
    if (room === "") return document.getElementById("explain-room")?.focus();
    const at = momentOf(asked.at) ?? Date.now();
    route(address("/explain", { room, participant: asked.participant.trim(), rule: asked.rule.trim(), at }));
  };
  return (
    <form
      class="explain-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Suggestions room={asked.room} />
      <Field
        id="explain-room"
        label="Call"
        list="explain-rooms"
        value={asked.room}
        onValue={(room) => change({ room })}
        hint="Name or SID of the room."
        error={isSent && asked.room.trim() === "" ? "In which call? Give its name or SID." : refused("room")}
      />
      <Field
        id="explain-participant"
        label="Who"
        list="explain-people"
        value={asked.participant}
        onValue={(participant) => change({ participant })}
        hint="Identity or SID. Empty: the call itself."
        error={refused("participant")}
      />
      <Field
        id="explain-rule"
        label="Rule"
        list="explain-rules"
        value={asked.rule}
        onValue={(rule) => change({ rule })}
        hint="Empty: every rule there is."
        error={refused("rule")}
      />
      <Field
        id="explain-at"
        label="When"
        type="datetime-local"
        value={asked.at}
        onValue={(at) => change({ at })}
        hint={`On your clock, ${zone()}. Empty: now.`}
        error={refused("at")}
      />
      <div class="form-buttons">
        <button type="submit" class="primary">
          Explain
        </button>
      </div>
    </form>
  );
}

function Sentences({ explanation }: { explanation: Explanation }) {
  const { answer, story, not_asked } = explanation;
  return (
    <>
      <ul class="answer">
        {answer.map((text) => (
          <li key={text}>
            <InWords text={text} />
          </li>
        ))}
      </ul>
      {story.length > 0 && (
        <ol class="sentences" aria-label="What happened">
          {story.map(({ at_ms, text }, place) => (
            <li key={`${place} ${at_ms}`}>
              <When atMs={at_ms} />
              <span>
                <InWords text={text} />
              </span>
            </li>
          ))}
        </ol>
      )}
      {not_asked.length > 0 && (
        <>
          <h4>Who was not asked</h4>
          <ul class="not-asked">
            {not_asked.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function AnswerView({ explained }: { explained: Explained }) {
  const { at_ms, room_sid, room_name, alerts } = explained;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [explained]);
  const { room = null, participant = null } = placeOf(explained);
  const sid = room_sid ?? (room?.startsWith("RM") ? room : null);
  const call = callAddress({ room_sid: sid, participant_sid: participant || null }, at_ms);
  return (
    <section class="explained" aria-labelledby="explained-heading">
      <div class="section-head">
        <h3 id="explained-heading" tabIndex={-1} ref={heading}>
          At <When atMs={at_ms} />
          {(room_name ?? room_sid) !== null && <>, in {room_name ?? room_sid}</>}
        </h3>
        {call !== null && <a href={call}>See the call then</a>}
      </div>
      {alerts.length === 0 && <p class="empty">No rule looks at that.</p>}
      {alerts.map((explanation) => (
        <article class="explanation" key={explanation.fingerprint}>
          <header>
            <h4>{explanation.rule}</h4>
            <p class="order">{explanation.name}</p>
          </header>
          <Sentences explanation={explanation} />
        </article>
      ))}
    </section>
  );
}

function urlOf({ alert, room, participant, rule, at }: Query): string | null {
  if (alert) return address("/api/v1/explain", { alert, at });
  return room ? address("/api/v1/explain", { room, participant, rule, at }) : null;
}

export function Explain() {
  const { query } = useLocation();
  const url = urlOf(query);
  const answer = useAnswer<Explained>(url);
  const shown: Query = query.alert ? { ...placeOf(answer.value), at: query.at ?? "" } : query;
  return (
    <div class="alerting">
      <div class="page-head">
        <h2>Why did it fire, or not, or not reach me?</h2>
      </div>
      <Form key={JSON.stringify(shown)} query={shown} refusal={answer.trouble} />
      {url === null ? (
        <p class="empty">
          Say in which call it was and when: each rule that looks at it is explained, with what it saw, who was told and who was not.
          “Explain this” beside an alert of an <a href="/incidents">incident</a> fills this in.
        </p>
      ) : refusedField(answer.trouble) === "" ? (
        <Answered answer={answer} what="the explanation">
          {(explained) => <AnswerView explained={explained} />}
        </Answered>
      ) : (
        <p class="empty" role="alert">
          There is nothing to explain: see beside the field.
        </p>
      )}
    </div>
  );
}
