// One room: its name, what is known of it as a whole, and everybody in it.

import type { Room } from "../api.ts";
import { roomAnchor } from "../picture/anchor.ts";
import { plural, share } from "../picture/quantity.ts";
import { participantsWorstFirst } from "../picture/worst.ts";
import { ParticipantRow } from "./participant.tsx";
import { Age } from "./time.tsx";

export const COLUMNS = ["Level", "Participant", "RTT", "Loss", "Jitter", "Up", "Down", "Video", "Client", "Heard"] as const;

interface RoomProps {
  room: Room;
  alertCount: number;
  nowMs: number;
}

function Facts({ room, alertCount, nowMs }: RoomProps) {
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
            nowMs={nowMs}
          />
        ))}
      </tbody>
    </table>
  );
}

export function RoomSection({ room, alertCount, nowMs }: RoomProps) {
  const anchor = roomAnchor(room);
  return (
    <article class="room" id={anchor} tabIndex={-1} aria-labelledby={`${anchor}-name`}>
      <header>
        <h3 id={`${anchor}-name`}>{room.room_name ?? room.room_sid ?? "unnamed room"}</h3>
        <Facts room={room} alertCount={alertCount} nowMs={nowMs} />
      </header>
      {room.participants.length === 0 ? (
        <p class="empty">Nobody is known to be in this room.</p>
      ) : (
        <ParticipantTable room={room} nowMs={nowMs} />
      )}
    </article>
  );
}
