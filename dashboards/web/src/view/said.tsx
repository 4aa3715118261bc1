// A notification: to whom, what, how it stands; and on demand each attempt at it and what the service told afterwards.

import type { ComponentChildren } from "preact";
import type { Attempt, Notification, Receipt } from "../api/notifications.ts";
import { attemptWords, kindWords, notificationStanding, outcomeStanding } from "../picture/alerting-words.ts";
import { plural } from "../picture/quantity.ts";
import { Standing } from "./standing.tsx";
import { When } from "./when.tsx";

export function Attempts({ attempts, receipts }: { attempts: readonly Attempt[]; receipts: readonly Receipt[] }) {
  if (attempts.length === 0) return <p class="empty">No attempt was made at it yet.</p>;
  return (
    <ol class="attempts" aria-label="Attempts">
      {attempts.map((attempt) => (
        <li key={attempt.number}>
          <When atMs={attempt.ended_at} />
          <Standing standing={{ word: `${attempt.number}: ${attemptWords(attempt)}`, tone: outcomeStanding(attempt.outcome).tone }} />
        </li>
      ))}
      {receipts.map((receipt) => (
        <li key={`${receipt.at_ms} ${receipt.status}`}>
          <When atMs={receipt.at_ms} />
          <Standing
            standing={{
              word: `receipt: ${receipt.status}${receipt.detail === "" ? "" : `, ${receipt.detail}`}`,
              tone: receipt.succeeded ? "good" : receipt.is_final ? "bad" : "none",
            }}
          />
        </li>
      ))}
    </ol>
  );
}

interface SaidProps {
  notification: Notification;
  /** What stands under its line. */
  children?: ComponentChildren;
  /** Where the notification stands beside its incident, there is no need to say which it is. */
  about?: ComponentChildren;
}

export function SaidLine({ notification, about, children }: SaidProps) {
  const { receiver, kind, state, created_at, reason, attempts, is_test, last_error, maybe_heard } = notification;
  return (
    <>
      <div class="said-line">
        <When atMs={created_at} />
        <strong class="said-receiver">{receiver}</strong>
        <span class="said-kind">
          {is_test && <span class="badge">test</span>} {kindWords(kind)}
          {reason !== "" && <span class="said-reason">: {reason}</span>}
        </span>
        <span class="said-standing">
          <Standing standing={notificationStanding(state)} />
          <span class="said-attempts">{plural(attempts, "attempt")}</span>
        </span>
      </div>
      {about !== undefined && <p class="said-about">{about}</p>}
      {state !== "delivered" && last_error !== "" && <p class="said-error">{last_error}</p>}
      {state !== "delivered" && maybe_heard && <p class="said-error">Of one attempt nobody knows whether it arrived.</p>}
      {children}
    </>
  );
}
