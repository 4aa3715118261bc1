// Who is logged in, and the way out.

import { useContext } from "preact/hooks";
import { SessionContext } from "./session.ts";

/** A form of the browser's own: whoever logs out lands where the daemon says, and nothing stays in this page's memory. */
export function Visitor() {
  const session = useContext(SessionContext);
  if (session === null || (session.way !== "session" && session.way !== "proxy")) return null;
  return (
    <form class="visitor" method="post" action="/logout">
      <span>{session.name === session.role ? session.role : `${session.name}, ${session.role}`}</span>
      <button>Log out</button>
    </form>
  );
}
