// Who cannot be judged, and how is that mended?  What browsers do not tell, what Twilio does not, and which clients fail to.

import { useLocation } from "preact-iso";
import type { BlindSpots as BlindSpotsAnswer, Spot } from "../answers.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import type { PageProps } from "../frame/pages.tsx";
import { type BlindSpot, blindSpots, seenWords } from "../picture/blind.ts";
import { count, plural } from "../picture/quantity.ts";
import { CallName } from "../view/call-name.tsx";
import { CoverageList, SCOPES } from "../view/coverage-list.tsx";
import { type Column, Records } from "../view/records.tsx";
import { Age } from "../view/time.tsx";
import { Unknown } from "../view/value.tsx";

const REFRESH_MS = 10_000;

function Who({ spot }: { spot: Spot }) {
  const { identity, participant_sid, people } = spot;
  if (identity === null && participant_sid === null) return <>{plural(people, "person", "people")}</>;
  return <>{identity ?? participant_sid}</>;
}

function columns(since: string, nowMs: number): [Column<Spot>, ...Column<Spot>[]] {
  return [
    {
      name: "Call",
      of: ({ room_sid, room_name, participant_sid }) => (
        <CallName roomSid={room_sid} roomName={room_name} participantSid={participant_sid} />
      ),
      as: "long",
    },
    { name: "Who", of: (spot) => <Who spot={spot} /> },
    { name: "Client", of: ({ browser }) => browser ?? <Unknown /> },
    {
      name: since,
      of: ({ since_ms }) =>
        since_ms === null ? (
          <Unknown />
        ) : (
          <>
            <Age atMs={since_ms} nowMs={nowMs} /> ago
          </>
        ),
      as: "number",
    },
  ];
}

function keyOf({ room_sid, room_name, participant_sid, identity }: Spot): string {
  return [room_sid ?? room_name, participant_sid ?? identity].join(" ");
}

function SpotPart({ spot, nowMs }: { spot: BlindSpot; nowMs: number }) {
  const { id, name, spots, means, mend, since } = spot;
  const hidden = spots.total - spots.first.length;
  return (
    <section class="blind-spot" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>
          {name}
          <span class="total"> {count(spots.total)}</span>
        </h2>
      </div>
      <p class="means">{means}</p>
      <p class="mend">
        <strong>To mend it: </strong>
        {mend}
      </p>
      <Records labelledBy={id} columns={columns(since, nowMs)} records={spots.first} keyOf={keyOf} />
      {hidden > 0 && <p class="empty">And {count(hidden)} more.</p>}
    </section>
  );
}

function Found({ found }: { found: BlindSpotsAnswer }) {
  const all = blindSpots(found);
  const there = all.filter(({ spots }) => spots.total > 0);
  const clear = all.filter(({ spots }) => spots.total === 0).map(({ name }) => name.charAt(0).toLowerCase() + name.slice(1));
  return (
    <>
      <p class="lead">{seenWords(found)}</p>
      {found.blind.map((words) => (
        <p key={words} class="trouble" role="alert">
          {words}. Alerts about what is not seen stand still until it is seen again.
        </p>
      ))}
      {there.map((spot) => (
        <SpotPart key={spot.id} spot={spot} nowMs={found.now_ms} />
      ))}
      {clear.length > 0 && found.people > 0 && <p class="clear">None of these now: {clear.join(", ")}.</p>}
    </>
  );
}

function ScopeLinks({ scope }: { scope: string }) {
  const { path } = useLocation();
  return (
    <ul class="choices" aria-label="By what">
      {Object.entries(SCOPES).map(([name, words]) => (
        <li key={name}>
          <a href={`${path}?by=${name}#coverage`} aria-current={name === scope ? "true" : undefined}>
            {words}
          </a>
        </li>
      ))}
    </ul>
  );
}

export function BlindSpots({ query = {} }: PageProps) {
  const answer = useAnswer<BlindSpotsAnswer>("/api/v1/blind-spots", { everyMs: REFRESH_MS });
  const scope = query.by !== undefined && query.by in SCOPES ? query.by : "sdk";
  return (
    <>
      <section class="page" aria-labelledby="blind-heading">
        <div class="section-head">
          <h2 id="blind-heading">Blind spots</h2>
          <span class="order">now</span>
        </div>
        <Answered answer={answer} what="the blind spots">
          {(found) => <Found found={found} />}
        </Answered>
      </section>
      <section class="coverage" id="coverage" tabIndex={-1} aria-labelledby="coverage-heading">
        <div class="section-head">
          <h2 id="coverage-heading">Coverage of the last 24 hours</h2>
          <ScopeLinks scope={scope} />
        </div>
        <CoverageList scope={scope} />
      </section>
    </>
  );
}
