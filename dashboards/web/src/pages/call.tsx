// One call: `/rooms/ROOM?at=MS&participant=SID&and=SID`.

import { useMemo } from "preact/hooks";
import { pointed } from "../call/address.ts";
import type { PageProps } from "../frame/pages.tsx";
import { Call } from "../view/call/call.tsx";

export function CallPage({ params = {}, query = {} }: PageProps) {
  const room = encodeURIComponent(params.room ?? "");
  const source = useMemo(() => ({ url: `/api/v1/rooms/${room}`, isStreamed: true }), [room]);
  return <Call key={room} source={source} path={`/rooms/${room}`} asked={pointed(query)} isShared={false} />;
}
