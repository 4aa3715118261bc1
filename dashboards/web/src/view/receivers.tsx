// Whoever can be told: how it goes with each, and whether it works.

import { useState } from "preact/hooks";
import type { Severity } from "../api.ts";
import type { NotificationLife, Receiver, TrialOwed } from "../api/notifications.ts";
import { Trouble } from "../frame/answer.tsx";
import { ask, tell } from "../frame/asking.ts";
import { useDeed } from "../frame/deed.ts";
import { useMay } from "../frame/session.ts";
import { pause } from "../polling.ts";
import { kindWords, notificationStanding, receiverStanding } from "../picture/alerting-words.ts";
import { plural } from "../picture/quantity.ts";
import { Dialog } from "./dialog.tsx";
import { Choice } from "./field.tsx";
import { Attempts } from "./said.tsx";
import { Standing } from "./standing.tsx";
import { Age } from "./time.tsx";

const GIVEN_UP_AFTER_MS = 65_000;
const LOOK_EVERY_MS = 700;
const SEVERITIES = [
  { key: "info", words: "info" },
  { key: "warning", words: "warning" },
  { key: "critical", words: "critical: wakes whoever it would wake" },
];

/** Ask until none waits any more: a test is given up after a minute. */
async function watch(ids: readonly string[], show: (lives: NotificationLife[]) => void): Promise<void> {
  const untilMs = Date.now() + GIVEN_UP_AFTER_MS;
  for (;;) {
    const lives = await Promise.all(ids.map((id) => ask<NotificationLife>(`/api/v1/notifications/${encodeURIComponent(id)}`)));
    show(lives);
    if (Date.now() > untilMs || lives.every(({ notification }) => notification.state !== "waiting")) return;
    await pause(LOOK_EVERY_MS);
  }
}

function TestDialog({ receiver, onClose }: { receiver: Receiver; onClose: () => void }) {
  const [severity, setSeverity] = useState<Severity>("info");
  const [lives, setLives] = useState<NotificationLife[] | null>(null);
  const { isUnderWay, trouble, attempt } = useDeed();
  const send = () =>
    attempt(async () => {
      const url = `/api/v1/receivers/${encodeURIComponent(receiver.name)}/test`;
      const { notifications } = await tell<TrialOwed>("POST", url, { severity });
      await watch(notifications, setLives);
    });
  return (
    <Dialog title={`Test ${receiver.name}`} onClose={onClose}>
      <p>It is told that something made up begins and is over at once, both marked as a test. Nobody else hears of it.</p>
      <Choice id="test-severity" label="Severity" value={severity} options={SEVERITIES} onValue={(value) => setSeverity(value as Severity)} />
      <div class="test-result" role="status">
        {isUnderWay && lives === null && <p class="empty">On its way.</p>}
        {lives?.map(({ notification, attempts, receipts }) => (
          <div key={notification.id}>
            <p>
              {kindWords(notification.kind)}: <Standing standing={notificationStanding(notification.state)} />
            </p>
            <Attempts attempts={attempts} receipts={receipts} />
          </div>
        ))}
      </div>
      {trouble !== "" && <Trouble words={trouble} />}
      <div class="form-buttons">
        <button type="button" class="primary" disabled={isUnderWay} onClick={() => void send()}>
          {lives === null ? "Send the test" : "Once more"}
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

interface RowProps {
  receiver: Receiver;
  nowMs: number;
  onTest: () => void;
}

function Last({ atMs, nowMs }: { atMs: number | null; nowMs: number }) {
  if (atMs === null) return <span class="unknown">never</span>;
  return (
    <>
      <Age atMs={atMs} nowMs={nowMs} /> ago
    </>
  );
}

function ReceiverRow({ receiver, nowMs, onTest }: RowProps) {
  const mayOperate = useMay("operator");
  const { name, kind, origin, waiting, dead, last_success_at_ms, last_failure_at_ms, last_error } = receiver;
  const failed = last_error !== "" && (last_failure_at_ms ?? 0) > (last_success_at_ms ?? 0);
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        {name} <span class="order">{kind.replaceAll("_", " ")}</span>
        {origin !== "" && <span class="origin">{origin}</span>}
      </th>
      <td role="cell" class="cell-wide" data-label="State">
        <Standing standing={receiverStanding(receiver, nowMs)} />
        {failed && <span class="said-error">{last_error}</span>}
      </td>
      <td role="cell" class="number" data-label="Waiting">
        {waiting}
      </td>
      <td role="cell" class="number" data-label="Given up">
        {dead === 0 ? "0" : <strong class="strained">{dead}</strong>}
      </td>
      <td role="cell" data-label="Last taken">
        <Last atMs={last_success_at_ms} nowMs={nowMs} />
      </td>
      {mayOperate && (
        <td role="cell" class="cell-action">
          <button type="button" onClick={onTest}>
            Test<span class="aloud"> {name}</span>
          </button>
        </td>
      )}
    </tr>
  );
}

export function ReceiverTable({ receivers, nowMs, onTested }: { receivers: readonly Receiver[]; nowMs: number; onTested: () => void }) {
  const mayOperate = useMay("operator");
  const [tested, setTested] = useState<Receiver | null>(null);
  return (
    <>
      <table role="table" class="list" aria-label={plural(receivers.length, "receiver")}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Receiver</th>
            <th role="columnheader" scope="col">State</th>
            <th role="columnheader" scope="col" class="number">Waiting</th>
            <th role="columnheader" scope="col" class="number">Given up</th>
            <th role="columnheader" scope="col">Last taken</th>
            {mayOperate && <th role="columnheader" scope="col"><span class="aloud">Does it work?</span></th>}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {receivers.map((receiver) => (
            <ReceiverRow key={receiver.name} receiver={receiver} nowMs={nowMs} onTest={() => setTested(receiver)} />
          ))}
        </tbody>
      </table>
      {tested !== null && (
        <TestDialog
          receiver={tested}
          onClose={() => {
            setTested(null);
            onTested();
          }}
        />
      )}
    </>
  );
}
