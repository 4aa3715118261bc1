// A call by its name, as a link to its page, with the SID beside it.

import { callHref } from "../picture/links.ts";

interface CallNameProps {
  roomSid: string | null;
  roomName: string | null;
  atMs?: number | null;
  participantSid?: string | null;
}

export function CallName({ roomSid, roomName, atMs = null, participantSid = null }: CallNameProps) {
  const room = roomSid ?? roomName;
  if (room === null) return <span class="unknown">room unknown</span>;
  return (
    <>
      <a href={callHref(room, { atMs, participantSid })}>{roomName ?? room}</a>
      {roomName !== null && roomSid !== null && <code class="sid">{roomSid}</code>}
    </>
  );
}
