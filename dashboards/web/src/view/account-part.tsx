// One Twilio account: its troubles, what may still be asked of it, whether it calls back, and each thing that is polled.

import type { AccountSources, Poll, RequestBudget } from "../answers.ts";
import { age, duration } from "../picture/duration.ts";
import { count, plural } from "../picture/quantity.ts";
import {
  budgetStanding,
  callbackStanding,
  countsWords,
  dueWords,
  isTroubled,
  pollFreshness,
  ratePerS,
  rateWords,
  resourceWords,
  sum,
} from "../picture/sources.ts";
import { Facts } from "./facts.tsx";
import { Mark } from "./mark.tsx";
import { type Column, Records } from "./records.tsx";
import { Age } from "./time.tsx";

interface AccountProps {
  account: AccountSources;
  before: AccountSources | null;
  beforeMs: number | null;
  nowMs: number;
}

function pollColumns(nowMs: number): [Column<Poll>, ...Column<Poll>[]] {
  return [
    { name: "Polled", of: ({ resource }) => resourceWords(resource) },
    {
      name: "State",
      of: (poll) => {
        const { health, words } = pollFreshness(poll, nowMs);
        return <Mark health={health} words={words} />;
      },
    },
    {
      name: "Last answer",
      of: ({ last_success_ms }) =>
        last_success_ms === null ? (
          <span class="unknown">never</span>
        ) : (
          <>
            <Age atMs={last_success_ms} nowMs={nowMs} /> ago
          </>
        ),
      as: "number",
    },
    { name: "Next", of: ({ due_at_ms }) => dueWords(due_at_ms, nowMs), as: "number" },
    { name: "Every", of: ({ interval_s }) => (interval_s < 1 ? "< 1 s" : duration(interval_s)), as: "number" },
    {
      name: "What is wrong",
      of: ({ error }) => (error === "" ? <span class="unknown">nothing</span> : <span class="error-words">{error}</span>),
      as: "long",
      isNothing: ({ error }) => error === "",
    },
  ];
}

function Throttled({ budget, nowMs }: { budget: RequestBudget; nowMs: number }) {
  if (budget.throttled === 0) return <>never</>;
  const last = budget.last_throttled_ms;
  return (
    <>
      {plural(budget.throttled, "time")}
      {last !== null && `, last ${age(last, nowMs)} ago`}
    </>
  );
}

function usedRate({ account, before, beforeMs, nowMs }: AccountProps): number | null {
  if (before === null || beforeMs === null) return null;
  return ratePerS(sum(before.budget.used), sum(account.budget.used), beforeMs, nowMs);
}

function Budget(props: AccountProps) {
  const { budget } = props.account;
  const used = usedRate(props);
  const { health, words } = budgetStanding(budget);
  return (
    <Facts
      label={`Request budget of ${props.account.account}`}
      facts={[
        { name: "Request budget", value: <Mark health={health} words={words} />, note: `circuit ${budget.circuit.replace("_", " ")}` },
        {
          name: "Limit",
          value: budget.rate_per_s === 0 ? "none" : rateWords(budget.rate_per_s),
          note:
            budget.rate_per_s < budget.requests_per_s
              ? `declared: ${rateWords(budget.requests_per_s)}; slower for a while after a 429`
              : `as declared, and ${count(budget.burst_requests)} at once`,
        },
        {
          name: "Used now",
          value: used === null ? <span class="unknown">being measured</span> : rateWords(used),
          note: `${count(sum(budget.used))} since the start: ${countsWords(budget.used) || "none"}`,
        },
        {
          name: "Remaining",
          value: (
            <>
              {count(budget.remaining)} <meter min={0} max={budget.burst_requests} value={budget.remaining} aria-hidden="true" />
            </>
          ),
          note: `could go at once; ${count(budget.in_flight)} of ${count(budget.concurrency_limit)} under way, ${count(budget.waiting)} waiting`,
        },
        { name: "Throttled", value: <Throttled budget={budget} nowMs={props.nowMs} />, note: `${plural(budget.retries, "retry", "retries")} of any kind` },
        {
          name: "Callbacks",
          value: <Mark {...callbackStanding(props.account.callbacks)} />,
          note: props.account.callbacks.missed === 0 ? "" : `${plural(props.account.callbacks.missed, "change")} missed since the start`,
        },
      ]}
    />
  );
}

function Troubles({ account, nowMs }: { account: AccountSources; nowMs: number }) {
  if (account.troubles.length === 0) return null;
  return (
    <ul class="troubles" aria-label={`What is wrong with ${account.account}`}>
      {account.troubles.map(({ trouble, since_ms, detail }) => (
        <li key={trouble}>
          <strong>{trouble.replaceAll("_", " ")}</strong> for <Age atMs={since_ms} nowMs={nowMs} />. {detail}
          {detail !== "" && "."}
        </li>
      ))}
    </ul>
  );
}

export function AccountPart(props: AccountProps) {
  const { account, nowMs } = props;
  const id = `account-${account.account_sid}`;
  return (
    <section class="source account" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{account.account}</h2>
        <code class="sid">{account.account_sid}</code>
        {isTroubled(account, nowMs) && <span class="badge badge-bad">needs a look</span>}
      </div>
      <Troubles account={account} nowMs={nowMs} />
      <Budget {...props} />
      {account.polls.length === 0 ? (
        <p class="how">Nothing of it is polled: polling.skip names every source.</p>
      ) : (
        <Records
          label={`What is polled of ${account.account}`}
          columns={pollColumns(nowMs)}
          records={account.polls}
          keyOf={({ resource }) => resource}
          isBad={({ error }) => error !== ""}
        />
      )}
    </section>
  );
}
