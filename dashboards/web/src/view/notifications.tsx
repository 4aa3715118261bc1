// Notifications in lists, each with the attempts at it on demand.

import { useState } from "preact/hooks";
import type { Notification, NotificationLife } from "../api/notifications.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { incidentAddress } from "../picture/address.ts";
import { Attempts, SaidLine } from "./said.tsx";

function Life({ id }: { id: string }) {
  const answer = useAnswer<NotificationLife>(`/api/v1/notifications/${encodeURIComponent(id)}`);
  return (
    <Answered answer={answer} what="the attempts">
      {({ attempts, receipts }) => <Attempts attempts={attempts} receipts={receipts} />}
    </Answered>
  );
}

export function NotificationItem({ notification }: { notification: Notification }) {
  const [isOpen, setOpen] = useState(false);
  const { id, attempts, is_test, incident, summary } = notification;
  const about = is_test ? summary : <a href={incidentAddress(incident)}>{summary}</a>;
  return (
    <li id={id}>
      <SaidLine notification={notification} about={about}>
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>Attempts</summary>
          {isOpen && <Life key={attempts} id={id} />}
        </details>
      </SaidLine>
    </li>
  );
}
