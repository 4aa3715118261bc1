// Every room that is live, worst first.

import { useState } from "preact/hooks";
import type { Alert, Picture, Room } from "../api.ts";
import { roomKey } from "../picture/anchor.ts";
import { plural } from "../picture/quantity.ts";
import { roomsMatching } from "../picture/search.ts";
import { roomsWorstFirst } from "../picture/worst.ts";
import { COLUMNS, RoomSection } from "./room.tsx";

/** Up to so many people every row is drawn, for whoever looks for a name with the browser's own search. */
const ALL_DRAWN_PEOPLE = 150;
const FIRST_ROOMS = 6;

function areFew(rooms: readonly Room[]): boolean {
  return rooms.reduce((people, { participants }) => people + participants.length, 0) <= ALL_DRAWN_PEOPLE;
}

function firingByRoom(alerts: readonly Alert[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state, room_sid } of alerts) {
    if (state === "firing" && room_sid !== null) counts.set(room_sid, (counts.get(room_sid) ?? 0) + 1);
  }
  return counts;
}

interface SearchProps {
  query: string;
  onQuery: (query: string) => void;
}

function Search({ query, onQuery }: SearchProps) {
  return (
    <label class="search">
      <span class="aloud">Find a room or a participant</span>
      <input
        type="search"
        placeholder="Find a room or a participant"
        value={query}
        onInput={(event) => onQuery(event.currentTarget.value)}
      />
    </label>
  );
}

function ColumnHeads() {
  return (
    <div class="columns" aria-hidden="true">
      {COLUMNS.map((column) => (
        <span key={column}>{column}</span>
      ))}
    </div>
  );
}

function nothing(live: readonly Room[], query: string): string | null {
  if (live.length === 0) return "No room is live.";
  return `None of the ${plural(live.length, "live room")} matches “${query}”.`;
}

export function Rooms({ picture }: { picture: Picture }) {
  const [query, setQuery] = useState("");
  const rooms = roomsWorstFirst(roomsMatching(picture.rooms, query), picture.alerts);
  const firing = firingByRoom(picture.alerts);
  const isAlways = areFew(rooms);
  return (
    <section id="rooms" class="rooms" aria-labelledby="rooms-heading">
      <div class="section-head">
        <h2 id="rooms-heading">Live rooms</h2>
        <span class="order">worst first</span>
        {picture.rooms.length > 0 && <Search query={query} onQuery={setQuery} />}
      </div>
      {rooms.length === 0 ? <p class="empty">{nothing(picture.rooms, query)}</p> : <ColumnHeads />}
      {rooms.map((room, place) => (
        <RoomSection
          key={roomKey(room)}
          room={room}
          alertCount={room.room_sid === null ? 0 : (firing.get(room.room_sid) ?? 0)}
          nowMs={picture.now_ms}
          isFirst={place < FIRST_ROOMS}
          isAlways={isAlways}
        />
      ))}
    </section>
  );
}
