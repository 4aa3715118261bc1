// What is told of a recording or a composition: of an open one what it waits for, of a failed one why, of a finished one
// what there is.

import type { Medium } from "../answers.ts";
import { bytes, lateS, type Waiting as WaitingThing, waitsFor, whyFailed } from "../picture/media.ts";
import { plural } from "../picture/quantity.ts";
import { when } from "../picture/when.ts";
import { CallName } from "./call-name.tsx";
import type { Column } from "./records.tsx";
import { Age, Duration } from "./time.tsx";
import { Unknown } from "./value.tsx";

type Columns<T> = [Column<T>, ...Column<T>[]];

const WHAT: Column<Medium> = {
  name: "What",
  of: ({ kind, track, identity, participant_sid }) => (
    <>
      {kind === "composition" ? "Composition" : `Recording${track === null ? "" : `, ${track}`}`}
      {kind === "recording" && <span class="whose"> of {identity ?? participant_sid ?? "somebody unknown"}</span>}
    </>
  ),
};

const SID: Column<Medium> = {
  name: "SID",
  of: ({ sid }) => (sid === null ? <span class="unknown">none yet</span> : <code class="sid">{sid}</code>),
};

const CALL: Column<Medium> = {
  name: "Call",
  of: ({ room_sid, room_name, participant_sid }) => (
    <CallName roomSid={room_sid} roomName={room_name} participantSid={participant_sid} />
  ),
  as: "long",
};

function Due({ medium, nowMs }: { medium: Medium; nowMs: number }) {
  const late = lateS(medium, nowMs);
  if (late === null) return <span class="unknown">{medium.kind === "recording" ? "when its track ends" : "once its room ends"}</span>;
  if (late <= 0) {
    return (
      <>
        within <Duration seconds={-late} />
      </>
    );
  }
  return (
    <strong class="strained">
      overdue by <Duration seconds={late} />
    </strong>
  );
}

function Waiting({ medium }: { medium: Medium }) {
  const { percent_done } = medium;
  return (
    <>
      {waitsFor(medium)}
      {percent_done !== null && (
        <>
          {" "}
          <progress max={100} value={percent_done} aria-hidden="true" /> {Math.round(percent_done)} %
        </>
      )}
    </>
  );
}

function began(nowMs: number): Column<Medium> {
  return {
    name: "Made",
    of: ({ created_at_ms }) =>
      created_at_ms === null ? (
        <Unknown />
      ) : (
        <time dateTime={new Date(created_at_ms).toISOString()}>{when(created_at_ms, nowMs)}</time>
      ),
  };
}

function What({ thing }: { thing: WaitingThing }) {
  const { medium, recordings, people } = thing;
  if (recordings < 2) return <>{WHAT.of(medium)}</>;
  return (
    <>
      {plural(recordings, "recording")} <span class="whose">of {plural(people, "person", "people")}</span>
    </>
  );
}

export function openColumns(nowMs: number): Columns<WaitingThing> {
  return [
    {
      name: "Call",
      of: ({ medium: { room_sid, room_name } }) => <CallName roomSid={room_sid} roomName={room_name} />,
      as: "long",
    },
    { name: "What", of: (thing) => <What thing={thing} /> },
    { name: "Waits for", of: ({ medium }) => <Waiting medium={medium} />, as: "long" },
    {
      name: "Since",
      of: ({ medium: { waiting_since_ms, created_at_ms } }) => {
        const since = waiting_since_ms ?? created_at_ms;
        return since === null ? <Unknown /> : <Age atMs={since} nowMs={nowMs} />;
      },
      as: "number",
    },
    { name: "Due", of: ({ medium }) => <Due medium={medium} nowMs={nowMs} />, as: "number" },
  ];
}

export function failedColumns(nowMs: number): Columns<Medium> {
  return [CALL, WHAT, { name: "Why", of: (medium) => whyFailed(medium), as: "long" }, began(nowMs), SID];
}

export function finishedColumns(nowMs: number): Columns<Medium> {
  return [
    CALL,
    WHAT,
    began(nowMs),
    {
      name: "Length",
      of: ({ duration_s }) => (duration_s === null ? <Unknown /> : <Duration seconds={duration_s} />),
      as: "number",
    },
    {
      name: "Size",
      of: ({ size_bytes, status }) =>
        status === "deleted" ? <span class="unknown">deleted</span> : size_bytes === null ? <Unknown /> : bytes(size_bytes),
      as: "number",
    },
    SID,
  ];
}
