// The calls that were looked for, a page at a time, each with how it went.

import { useState } from "preact/hooks";
import type { Coverage, CoveragePage, FoundCall, FoundCalls as Found } from "../answers.ts";
import { Answered, Lacking } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import {
  coverageUrl,
  degradedRatio,
  isAnything,
  lastedS,
  nothingFound,
  participantLookedFor,
  searchUrl,
  type Wanted,
} from "../picture/calls.ts";
import { count, percent } from "../picture/quantity.ts";
import { when } from "../picture/when.ts";
import { CallName } from "./call-name.tsx";
import { type Column, Records } from "./records.tsx";
import { Duration } from "./time.tsx";
import { Unknown } from "./value.tsx";

const CALLS_A_PAGE = 25;
const BAD_RATIO = 0.05; // of the minutes with a known level

type Judged = Map<string, Coverage>;

interface FoundProps {
  wanted: Wanted;
  nowMs: number;
}

function Lasted({ call, nowMs }: { call: FoundCall; nowMs: number }) {
  const seconds = lastedS(call, nowMs);
  if (seconds === null) return <Unknown />;
  return call.ended_at_ms === null ? (
    <span class="goes-on">
      live for <Duration seconds={seconds} />
    </span>
  ) : (
    <Duration seconds={seconds} />
  );
}

function Bad({ coverage, isWhole }: { coverage: Coverage | undefined; isWhole: boolean }) {
  if (coverage === undefined && !isWhole) return <Unknown />;
  if (coverage === undefined) return <span class="unknown">not heard</span>;
  const ratio = degradedRatio(coverage);
  if (ratio === null) return <span class="unknown">no level known</span>;
  if (ratio === 0) return <>none</>;
  return ratio > BAD_RATIO ? <strong class="strained">{percent(ratio)}</strong> : <>{percent(ratio)}</>;
}

function FiredRules({ rules }: { rules: readonly string[] }) {
  if (rules.length === 0) return <span class="unknown">nothing</span>;
  return (
    <ul class="fired">
      {rules.map((rule) => (
        <li key={rule}>{rule}</li>
      ))}
    </ul>
  );
}

function columns(judged: Judged, isWhole: boolean, wanted: Wanted, nowMs: number): [Column<FoundCall>, ...Column<FoundCall>[]] {
  const coverage = ({ room_sid }: FoundCall) => judged.get(room_sid ?? "");
  const picked = participantLookedFor(wanted);
  return [
    {
      name: "Call",
      of: ({ room_sid, room_name }) => <CallName roomSid={room_sid} roomName={room_name} participantSid={picked} />,
      as: "long",
    },
    {
      name: "Began",
      of: ({ created_at_ms }) => (
        <time dateTime={new Date(created_at_ms).toISOString()}>{when(created_at_ms, nowMs)}</time>
      ),
    },
    { name: "Lasted", of: (call) => <Lasted call={call} nowMs={nowMs} />, as: "number" },
    {
      name: "Heard",
      of: (call) => {
        const there = coverage(call);
        return there === undefined ? <Unknown /> : <>{count(there.participants)}</>;
      },
      as: "number",
    },
    { name: "Bad minutes", of: (call) => <Bad coverage={coverage(call)} isWhole={isWhole} />, as: "number" },
    { name: "Fired", of: ({ fired }) => <FiredRules rules={fired} />, isNothing: ({ fired }) => fired.length === 0 },
  ];
}

function useCoverage(calls: readonly FoundCall[], nowMs: number): { judged: Judged; lacking: string } {
  const { value } = useAnswer<CoveragePage>(coverageUrl(calls, nowMs));
  return { judged: new Map(value?.coverage.map((each) => [each.key, each])), lacking: value?.lacking ?? "" };
}

function Shown({ calls, wanted, nowMs }: FoundProps & { calls: readonly FoundCall[] }) {
  const { judged, lacking } = useCoverage(calls, nowMs);
  return (
    <>
      <Lacking words={lacking} />
      <Records
        labelledBy="found-heading"
        columns={columns(judged, lacking === "", wanted, nowMs)}
        records={calls}
        keyOf={({ room_sid, created_at_ms }) => room_sid ?? String(created_at_ms)}
      />
    </>
  );
}

interface FoundPageProps extends FoundProps {
  after: string | null;
}

/** One page, and behind it, once somebody wants it, the next. */
function FoundPage({ wanted, nowMs, after }: FoundPageProps) {
  const answer = useAnswer<Found>(searchUrl(wanted, after, CALLS_A_PAGE));
  const [goesOn, setGoesOn] = useState(false);
  return (
    <Answered answer={answer} what="the calls">
      {({ rooms, next, lacking }) => (
        <>
          <Lacking words={lacking} />
          {rooms.length > 0 && <Shown calls={rooms} wanted={wanted} nowMs={nowMs} />}
          {rooms.length === 0 && after === null && <Nothing wanted={wanted} />}
          {rooms.length === 0 && after !== null && <p class="empty">These were all.</p>}
          {next !== null && !goesOn && (
            <button type="button" class="more" onClick={() => setGoesOn(true)}>
              Older calls
            </button>
          )}
          {next !== null && goesOn && <FoundPage wanted={wanted} nowMs={nowMs} after={next} />}
        </>
      )}
    </Answered>
  );
}

function Nothing({ wanted }: { wanted: Wanted }) {
  return (
    <p class="empty" role="status">
      {nothingFound(wanted)}
      {isAnything(wanted) && " Rooms appear here once Twilio or a browser has told of them: see Sources."}
    </p>
  );
}

export function FoundCalls({ wanted, nowMs }: FoundProps) {
  return <FoundPage wanted={wanted} nowMs={nowMs} after={null} />;
}
