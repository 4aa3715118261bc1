// Who was told what, and how did that go?  Receivers, what was given up, and every word on record.

import { useMemo } from "preact/hooks";
import { NOTIFICATION_STATES, type NotificationsPage, type Receivers } from "../api/notifications.ts";
import { Answered } from "../frame/answer.tsx";
import { type Answer, useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import { address } from "../picture/address.ts";
import { notificationStanding } from "../picture/alerting-words.ts";
import { spanOf } from "../picture/spans.ts";
import { DeadLetters } from "../view/dead-letters.tsx";
import { Choice } from "../view/field.tsx";
import { Filters, SpanFilter, useFilters } from "../view/filters.tsx";
import { NotificationItem } from "../view/notifications.tsx";
import { Paging } from "../view/paging.tsx";
import { ReceiverTable } from "../view/receivers.tsx";

const EVERY_MS = 8_000;
const NAMES = ["receiver", "state", "span", "from", "to"] as const;
const STATES = [{ key: "", words: "any" }, ...NOTIFICATION_STATES.map((key) => ({ key, words: notificationStanding(key).word }))];

function ReceiverSection({ answer }: { answer: Answer<Receivers> }) {
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  return (
    <section aria-labelledby="receivers-heading">
      <div class="section-head">
        <h3 id="receivers-heading">Receivers</h3>
        <span class="order">whoever can be told</span>
      </div>
      <Answered answer={answer} what="the receivers">
        {({ receivers }) =>
          receivers.length === 0 ? (
            <p class="empty">Nobody can be told: the configuration has no receiver. Add a table [receivers.NAME] to it.</p>
          ) : (
            <ReceiverTable receivers={receivers} nowMs={nowMs} onTested={answer.again} />
          )
        }
      </Answered>
    </section>
  );
}

function Search({ receivers }: { receivers: readonly string[] }) {
  const [query, change] = useFilters();
  const { receiver, state, span, from, to, after } = query;
  const bounds = useMemo(() => spanOf(query, Date.now()), [span, from, to]);
  const url = address("/api/v1/notifications", { receiver, state, ...bounds, after });
  const answer = useAnswer<NotificationsPage>(url, { everyMs: EVERY_MS });
  const named = receiver && !receivers.includes(receiver) ? [receiver, ...receivers] : receivers;
  const options = [{ key: "", words: "any" }, ...named.map((name) => ({ key: name, words: name }))];
  return (
    <section aria-labelledby="sent-heading">
      <div class="section-head">
        <h3 id="sent-heading">Who was told what</h3>
        <span class="order">the latest first</span>
      </div>
      <Filters label="Which notifications" query={query} change={change} names={NAMES}>
        <Choice id="filter-receiver" label="Receiver" value={receiver ?? ""} options={options} onValue={(value) => change({ receiver: value })} />
        <Choice id="filter-state" label="State" value={state ?? ""} options={STATES} onValue={(value) => change({ state: value })} />
        <SpanFilter label="Owed" query={query} change={change} />
      </Filters>
      <Answered answer={answer} what="the notifications">
        {({ notifications, next }) => (
          <>
            {notifications.length === 0 ? (
              <p class="empty">
                {NAMES.some((name) => query[name]) ? "No notification is like that." : "Nobody was told anything yet."}{" "}
                <a href="/explain">Why was I not told?</a>
              </p>
            ) : (
              <ul class="said">
                {notifications.map((notification) => (
                  <NotificationItem key={notification.id} notification={notification} />
                ))}
              </ul>
            )}
            <Paging next={next} after={after} />
          </>
        )}
      </Answered>
    </section>
  );
}

export function Notifications() {
  const answer = useAnswer<Receivers>("/api/v1/receivers", { everyMs: EVERY_MS });
  return (
    <div class="alerting">
      <div class="page-head">
        <h2>Notifications</h2>
        <p class="page-actions">
          <a href="/explain">Why was I not told?</a>
        </p>
      </div>
      <ReceiverSection answer={answer} />
      <DeadLetters onReplayed={answer.again} />
      <Search receivers={answer.value?.receivers.map(({ name }) => name) ?? []} />
    </div>
  );
}
