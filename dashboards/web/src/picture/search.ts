// Which rooms does the reader mean?  Every word must be found somewhere in the room or in somebody in it.

import type { Room } from "../api.ts";

function text(room: Room): string {
  const people = room.participants.flatMap(({ identity, participant_sid }) => [identity, participant_sid]);
  return [room.room_name, room.room_sid, room.media_region, ...people].join(" ").toLowerCase();
}

export function roomsMatching(rooms: readonly Room[], query: string): Room[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rooms];
  return rooms.filter((room) => {
    const haystack = text(room);
    return words.every((word) => haystack.includes(word));
  });
}
