// One room: its name, what is known of it as a whole, and everybody in it.

import { useRef } from "preact/hooks";
import type { Room } from "../api.ts";
import { roomAnchor } from "../picture/anchor.ts";
import { callHref } from "../picture/links.ts";
import { plural, share } from "../picture/quantity.ts";
import { participantsWorstFirst } from "../picture/worst.ts";
import { useNearWindow } from "./near-window.ts";
import { ParticipantRow } from "./participant.tsx";
import { Age } from "./time.tsx";

export const COLUMNS = ["Level", "Participant", "RTT", "Loss", "Jitter", "Up", "Down", "Video", "Client", "Heard"] as const;

interface FactsProps {
  room: Room;
  alertCount: number;
  nowMs: number;
}

interface RoomProps extends FactsProps {
  /** Whether it is among the first, which are near the window until somebody scrolls. */
  isFirst: boolean;
  /** Whether it is drawn wherever it is: there are not so many. */
  isAlways: boolean;
}

function Facts({ room, alertCount, nowMs }: FactsProps) {
  return (
    <p class="facts">
      {alertCount > 0 && (
        <a class="badge badge-bad" href="#alerts">
          {plural(alertCount, "alert")}
        </a>
      )}
      {room.degraded_ratio !== null && room.degraded_ratio > 0 && (
        <strong class="strained">{share(room.degraded_ratio)} degraded</strong>
      )}
      <span>{plural(room.participants.filter(({ status }) => status !== "disconnected").length, "participant")}</span>
      {room.created_at_ms !== null && (
        <span>
          live <Age atMs={room.created_at_ms} nowMs={nowMs} />
        </span>
      )}
      {room.media_region !== null && <span>{room.media_region}</span>}
      {room.room_name !== null && room.room_sid !== null && <code class="sid">{room.room_sid}</code>}
    </p>
  );
}

function ParticipantTable({ room, nowMs }: { room: Room; nowMs: number }) {
  return (
    <table role="table" aria-labelledby={`${roomAnchor(room)}-name`}>
      <thead role="rowgroup" class="aloud">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {participantsWorstFirst(room.participants).map((participant) => (
          <ParticipantRow
            key={participant.participant_sid ?? participant.identity}
            participant={participant}
            roomSid={room.room_sid}
            nowMs={nowMs}
          />
        ))}
      </tbody>
    </table>
  );
}

function RoomName({ room, id }: { room: Room; id: string }) {
  const name = room.room_name ?? room.room_sid ?? "unnamed room";
  return <h3 id={id}>{room.room_sid === null ? name : <a href={callHref(room.room_sid)}>{name}</a>}</h3>;
}

/** Keeps the place of rows that nobody sees, so that the page is as long as it is. */
function Undrawn({ people }: { people: number }) {
  return <div class="undrawn" style={{ "--people": people }} aria-hidden="true" />;
}

function People({ room, nowMs, isDrawn }: { room: Room; nowMs: number; isDrawn: boolean }) {
  if (room.participants.length === 0) return <p class="empty">Nobody is known to be in this room.</p>;
  return isDrawn ? <ParticipantTable room={room} nowMs={nowMs} /> : <Undrawn people={room.participants.length} />;
}

export function RoomSection({ room, alertCount, nowMs, isFirst, isAlways }: RoomProps) {
  const anchor = roomAnchor(room);
  const place = useRef<HTMLElement>(null);
  const isNear = useNearWindow(place, isFirst);
  return (
    <article ref={place} class="room" id={anchor} tabIndex={-1} aria-labelledby={`${anchor}-name`}>
      <header>
        <RoomName room={room} id={`${anchor}-name`} />
        <Facts room={room} alertCount={alertCount} nowMs={nowMs} />
      </header>
      <People room={room} nowMs={nowMs} isDrawn={isNear || isAlways} />
    </article>
  );
}
