// Are we told what we rely on, and may we go on asking?  Telemetry, callbacks, and for each account its polls and budget.

import { useRef } from "preact/hooks";
import type { Sources as SourcesAnswer } from "../answers.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { count, plural, share } from "../picture/quantity.ts";
import { countsWords, ratePerS, rateWords, REFUSALS, sum, telemetryStanding } from "../picture/sources.ts";
import { AccountPart } from "../view/account-part.tsx";
import { Facts } from "../view/facts.tsx";
import { Mark } from "../view/mark.tsx";

const REFRESH_MS = 5_000;

/** Return the answer before the present one: two make a rate. */
function useBefore(now: SourcesAnswer): SourcesAnswer | null {
  const pair = useRef<{ before: SourcesAnswer | null; now: SourcesAnswer }>({ before: null, now });
  if (pair.current.now !== now) pair.current = { before: pair.current.now, now };
  return pair.current.before;
}

function Rate({ perS, what }: { perS: number | null; what: string }) {
  return perS === null ? (
    <span class="unknown">being measured</span>
  ) : (
    <>
      {rateWords(perS)} {perS > 0 && <span class="unit">{what}</span>}
    </>
  );
}

function refusals(posts: Record<string, number>): [string, number][] {
  return Object.entries(posts).filter(([code]) => code !== "202");
}

function Refusals({ posts }: { posts: Record<string, number> }) {
  const refused = refusals(posts);
  if (refused.length === 0) return null;
  return (
    <ul class="refusals" aria-label="What was refused, and why">
      {refused.map(([code, times]) => (
        <li key={code}>
          <strong>
            {count(times)} × {code}
          </strong>{" "}
          {REFUSALS[code] ?? ""}
        </li>
      ))}
    </ul>
  );
}

interface PartProps {
  sources: SourcesAnswer;
  before: SourcesAnswer | null;
}

function rate(before: SourcesAnswer | null, now: SourcesAnswer, of: (sources: SourcesAnswer) => number): number | null {
  return before === null ? null : ratePerS(of(before), of(now), before.now_ms, now.now_ms);
}

function Telemetry({ sources, before }: PartProps) {
  const { telemetry, queue } = sources;
  const { health, words } = telemetryStanding(sources);
  const refused = sum(Object.fromEntries(refusals(telemetry.posts)));
  const oddities = [
    [telemetry.refused_events, "malformed event"],
    [telemetry.ignored_events, "event of a type not known here", "events of a type not known here"],
    [telemetry.repeats, "post that had been stored before", "posts that had been stored before"],
    [telemetry.late_posts, "post about a time long gone", "posts about a time long gone"],
    [telemetry.wrong_clock_posts, "post with a wrong clock", "posts with a wrong clock"],
  ] as const;
  const told = oddities.filter(([times]) => times > 0).map(([times, one, many]) => plural(times, one, many));
  return (
    <section class="source" aria-labelledby="telemetry-heading">
      <div class="section-head">
        <h2 id="telemetry-heading">Telemetry</h2>
        <Mark health={health} words={words} />
      </div>
      {telemetry.last_at_ms === null && refused === 0 && (
        <p class="how">
          No browser has posted. Add the SDK to the page that joins your rooms: it is served at <code>/sdk/roomwatch.js</code> on
          the public listener, and posts to <code>/v1/telemetry</code> there.
        </p>
      )}
      <Facts
        label="Telemetry"
        facts={[
          {
            name: "Posts",
            value: <Rate perS={rate(before, sources, ({ telemetry: { posts } }) => posts["202"] ?? 0)} what="accepted" />,
            note: `${count(telemetry.posts["202"] ?? 0)} since the start, with ${plural(telemetry.events, "event")}`,
          },
          {
            name: "Refused",
            value: refused === 0 ? "none" : <strong class="strained">{count(refused)}</strong>,
            note: refused === 0 ? "" : countsWords(Object.fromEntries(refusals(telemetry.posts))),
          },
          {
            name: "Waiting to be stored",
            value: share(queue.events / queue.capacity_events),
            note: `${count(queue.events)} of ${plural(queue.capacity_events, "event")}`,
          },
          { name: "Oddities", value: told.length === 0 ? "none" : told[0], note: told.slice(1).join(", ") },
        ]}
      />
      <Refusals posts={telemetry.posts} />
    </section>
  );
}

function Callbacks({ sources, before }: PartProps) {
  const { address, received, repeats, refused } = sources.callbacks;
  const total = sum(received);
  const isRefused = sum(refused) > 0;
  return (
    <section class="source" aria-labelledby="callbacks-heading">
      <div class="section-head">
        <h2 id="callbacks-heading">Status callbacks</h2>
        <Mark
          health={total > 0 ? "ok" : isRefused ? "failing" : "waiting"}
          words={total > 0 ? `${count(total)} came` : isRefused ? "all that came were refused" : "none has come"}
        />
      </div>
      {address === "" && total === 0 && (
        <p class="how">
          Twilio has nowhere to call: set <code>public.url</code> to how the world reaches the public listener. Until then polls
          tell what callbacks would, later and at the cost of the budget.
        </p>
      )}
      <Facts
        label="Status callbacks"
        facts={[
          { name: "Received", value: <Rate perS={rate(before, sources, ({ callbacks }) => sum(callbacks.received))} what="" />, note: countsWords(received) },
          { name: "Repeated", value: repeats === 0 ? "none" : count(repeats), note: repeats === 0 ? "" : "told twice, kept once" },
          {
            name: "Refused",
            value: isRefused ? <strong class="strained">{count(sum(refused))}</strong> : "none",
            note: isRefused ? `${countsWords(refused)}. For signatures: compare auth_token and public.url.` : "",
          },
          { name: "Where to", value: address === "" ? <span class="unknown">public.url is not set</span> : <code class="address">{address}</code> },
        ]}
      />
    </section>
  );
}

function Parts({ sources }: { sources: SourcesAnswer }) {
  const before = useBefore(sources);
  return (
    <>
      <div class="source-pair">
        <Telemetry sources={sources} before={before} />
        <Callbacks sources={sources} before={before} />
      </div>
      {sources.accounts.length === 0 && (
        <section class="missing" aria-label="What is not set up yet">
          <p>
            <strong>Twilio's API is not being asked.</strong> Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or the
            same in the config file. Until then only rooms that browsers report are seen, and no compositions.
          </p>
        </section>
      )}
      {sources.accounts.map((account) => (
        <AccountPart
          key={account.account_sid}
          account={account}
          before={before?.accounts.find(({ account_sid }) => account_sid === account.account_sid) ?? null}
          beforeMs={before?.now_ms ?? null}
          nowMs={sources.now_ms}
        />
      ))}
    </>
  );
}

export function Sources() {
  const answer = useAnswer<SourcesAnswer>("/api/v1/sources", { everyMs: REFRESH_MS });
  return (
    <section class="page" aria-labelledby="sources-heading">
      <h2 id="sources-heading" class="aloud">
        Sources and budgets
      </h2>
      <Answered answer={answer} what="the sources">
        {(sources) => <Parts sources={sources} />}
      </Answered>
    </section>
  );
}
