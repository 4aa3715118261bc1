// Where on the page is the thing an alert speaks of?

import type { Alert, Composition, Picture, Room } from "../api.ts";

function slug(text: string): string {
  return text.replace(/[^\w-]/g, "-");
}

export function roomKey(room: Room): string {
  return room.room_sid ?? room.room_name ?? "unnamed";
}

export function roomAnchor(room: Room): string {
  return `room-${slug(roomKey(room))}`;
}

export function compositionAnchor(composition: Composition): string {
  return `composition-${slug(composition.composition_sid)}`;
}

/** Return the id that the alert should lead to, or null where its subject is no longer on the page. */
export function alertAnchor(alert: Alert, picture: Picture): string | null {
  const composition = picture.compositions.find(({ composition_sid }) => composition_sid === alert.entity);
  if (composition !== undefined) return compositionAnchor(composition);
  const room = picture.rooms.find(({ room_sid }) => room_sid !== null && room_sid === alert.room_sid);
  return room === undefined ? null : roomAnchor(room);
}
