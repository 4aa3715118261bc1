// One person in a room, on one line.
//
// The roles repeat what the elements mean: the narrow layout turns rows into cards, and some browsers then forget that
// they were a table.

import type { ComponentChildren } from "preact";
import type { Participant } from "../api.ts";
import { age } from "../picture/duration.ts";
import { heardWords, isSilent } from "../picture/freshness.ts";
import { callHref } from "../picture/links.ts";
import { bitrate, milliseconds, percent } from "../picture/quantity.ts";
import { isStrained, STRAINED_JITTER_MS, STRAINED_LOSS_RATIO, STRAINED_RTT_MS } from "../picture/strain.ts";
import { Level } from "./level.tsx";
import { Unknown, Value } from "./value.tsx";

interface HeardProps {
  participant: Participant;
  nowMs: number;
}

interface ParticipantProps extends HeardProps {
  roomSid: string | null;
}

interface CellProps {
  label: string;
  known: boolean;
  children: ComponentChildren;
}

function Cell({ label, known, children }: CellProps) {
  return (
    <td role="cell" class={known ? "number" : "number absent"} data-label={label}>
      {children}
    </td>
  );
}

function Connection({ participant }: { participant: Participant }) {
  const { status, last_error_code, last_error } = participant;
  const error = last_error_code === null ? null : `${last_error ?? "Twilio error"} (${last_error_code})`;
  if (status === "reconnecting") {
    return (
      <span class="connection">
        <strong class="badge badge-bad">reconnecting</strong> {error}
      </span>
    );
  }
  return error === null ? null : <span class="connection">{status === "connected" ? `earlier: ${error}` : error}</span>;
}

function Video({ participant }: { participant: Participant }) {
  const { fps, limited_by } = participant;
  const limited = limited_by !== null && limited_by !== "none";
  return (
    <Cell label="Video" known={fps !== null || limited}>
      {fps === null ? !limited && <Unknown /> : `${Math.round(fps)} fps`}
      {limited && <span class="limited">{limited_by}-limited</span>}
    </Cell>
  );
}

function Heard({ participant, nowMs }: HeardProps) {
  const { heard_at_ms, status } = participant;
  if (heard_at_ms === null) return <span class="unknown">never</span>;
  const silent = status !== "disconnected" && isSilent(heard_at_ms, nowMs);
  if (!silent) return <>{heardWords(heard_at_ms, nowMs)}</>;
  return <strong class="strained">silent {age(heard_at_ms, nowMs)}</strong>;
}

function Identity({ participant, roomSid }: { participant: Participant; roomSid: string | null }) {
  const { identity, participant_sid } = participant;
  const name = identity ?? participant_sid ?? "unnamed";
  return (
    <span class="identity" title={participant_sid ?? undefined}>
      {roomSid === null ? name : <a href={callHref(roomSid, { participantSid: participant_sid })}>{name}</a>}
    </span>
  );
}

export function ParticipantRow({ participant, roomSid, nowMs }: ParticipantProps) {
  const { status, rtt_ms, loss_ratio, jitter_ms, bitrate_up_bps, bitrate_down_bps } = participant;
  const client = [participant.browser, participant.network].filter((part) => part !== null).join(", ");
  return (
    <tr role="row" class={`participant is-${status}`}>
      <td role="cell" class="quality">
        <Level participant={participant} nowMs={nowMs} />
      </td>
      <th role="rowheader" scope="row" class="person">
        <Identity participant={participant} roomSid={roomSid} />
        <Connection participant={participant} />
      </th>
      <Cell label="RTT" known={rtt_ms !== null}>
        <Value value={rtt_ms} write={milliseconds} strained={isStrained(rtt_ms, STRAINED_RTT_MS)} />
      </Cell>
      <Cell label="Loss" known={loss_ratio !== null}>
        <Value value={loss_ratio} write={percent} strained={isStrained(loss_ratio, STRAINED_LOSS_RATIO)} />
      </Cell>
      <Cell label="Jitter" known={jitter_ms !== null}>
        <Value value={jitter_ms} write={milliseconds} strained={isStrained(jitter_ms, STRAINED_JITTER_MS)} />
      </Cell>
      <Cell label="Up" known={bitrate_up_bps !== null}>
        <Value value={bitrate_up_bps} write={bitrate} />
      </Cell>
      <Cell label="Down" known={bitrate_down_bps !== null}>
        <Value value={bitrate_down_bps} write={bitrate} />
      </Cell>
      <Video participant={participant} />
      <td role="cell" class={client === "" ? "client absent" : "client"} title={client === "" ? undefined : client}>
        {client === "" ? <Unknown /> : client}
      </td>
      <td role="cell" class="number heard" data-label="Heard">
        <Heard participant={participant} nowMs={nowMs} />
      </td>
    </tr>
  );
}
