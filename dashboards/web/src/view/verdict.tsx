// Whose fault it probably was, as the daemon judges the call around an incident.

import { useMemo } from "preact/hooks";
import type { Incident, ReceivedAlert, Verdict } from "../api/incidents.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { address, callAddress } from "../picture/address.ts";
import { share } from "../picture/quantity.ts";

const BEFORE_MS = 5 * 60_000;
const LONGEST_MS = 2 * 3_600_000;

/** About the call of the first alert that has one; what is wrong with a composition is not in the call. */
export function judged(alerts: readonly ReceivedAlert[]): ReceivedAlert | null {
  return alerts.find(({ kind, room_sid }) => room_sid !== null && (kind === "participant" || kind === "room")) ?? null;
}

export function VerdictOn({ alert, incident }: { alert: ReceivedAlert; incident: Incident }) {
  const { started_at_ms, ended_at_ms } = incident;
  const url = useMemo(() => {
    const to = Math.min(ended_at_ms ?? Date.now(), started_at_ms + LONGEST_MS);
    return address(`/api/v1/rooms/${encodeURIComponent(alert.room_sid ?? "")}/verdict`, { from: started_at_ms - BEFORE_MS, to });
  }, [alert.room_sid, started_at_ms, ended_at_ms]);
  const call = callAddress(alert, alert.fired_at_ms ?? started_at_ms);
  return (
    <section aria-labelledby="verdict-heading">
      <div class="section-head">
        <h3 id="verdict-heading">Verdict</h3>
        <span class="order">on the call, from five minutes before</span>
      </div>
      <Answered answer={useAnswer<Verdict>(url)} what="whose fault it was">
        {(verdict) => (
          <div class="verdict">
            <p class="verdict-sentence">{verdict.sentence}</p>
            <p class="order">
              {share(verdict.confidence)} sure; {verdict.people_heard} of {verdict.people} told enough of themselves
            </p>
            {verdict.because.length > 0 && (
              <ul class="reasons">
                {verdict.because.map((why) => (
                  <li key={why}>{why}</li>
                ))}
              </ul>
            )}
            {call !== null && <a href={call}>See the numbers in the call</a>}
          </div>
        )}
      </Answered>
    </section>
  );
}
