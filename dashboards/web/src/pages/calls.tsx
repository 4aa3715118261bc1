// Which call do you mean?  Whatever is at hand finds it: a SID, a name, an identity, a time, what fired.
//
// What is looked for is in the address, so that it can be shared and come back to.

import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import type { Settings } from "../answers.ts";
import { useAnswer } from "../frame/asking.ts";
import type { PageProps } from "../frame/pages.tsx";
import { ANY_RULE, isAnything, searchHref, wantedOf, type Wanted } from "../picture/calls.ts";
import { asField, fromField } from "../picture/when.ts";
import { FoundCalls } from "../view/found-calls.tsx";
import { WorstCalls } from "../view/worst-calls.tsx";

/** Return the names of the rules that may fire in a call; none where who looks may not see the configuration. */
function useRules(): string[] {
  const { value } = useAnswer<Settings>("/api/v1/settings");
  const over = new Set(["participant", "room", "composition"]);
  return (value?.configuration.rules ?? []).filter((rule) => over.has(rule.over)).map(({ name }) => name);
}

function Fired({ value }: { value: string }) {
  const rules = useRules();
  const names = value === "" || value === ANY_RULE || rules.includes(value) ? rules : [value, ...rules];
  return (
    <label class="field">
      <span>What went wrong</span>
      <select name="fired">
        <option value="" selected={value === ""}>
          anything or nothing
        </option>
        <option value={ANY_RULE} selected={value === ANY_RULE}>
          any alert fired
        </option>
        {names.map((name) => (
          <option key={name} value={name} selected={value === name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Time({ name, label, atMs }: { name: string; label: string; atMs: number | null }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="datetime-local" name={name} defaultValue={asField(atMs)} />
    </label>
  );
}

function askedFor(form: HTMLFormElement): Wanted {
  const given = new FormData(form);
  const text = (name: string) => String(given.get(name) ?? "").trim();
  return { text: text("q"), fromMs: fromField(text("from")), toMs: fromField(text("to")), fired: text("fired") };
}

function SearchForm({ wanted }: { wanted: Wanted }) {
  const { route } = useLocation();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    route(searchHref(askedFor(event.currentTarget as HTMLFormElement)));
  };
  return (
    <form class="search-form" role="search" action="/rooms" onSubmit={submit}>
      <label class="field field-wide">
        <span>Room, participant or identity</span>
        <input type="search" name="q" defaultValue={wanted.text} autocomplete="off" spellcheck={false} />
      </label>
      <Time name="from" label="Began after" atMs={wanted.fromMs} />
      <Time name="to" label="Began before" atMs={wanted.toMs} />
      <Fired value={wanted.fired} />
      <button type="submit">Find calls</button>
      <p class="hint">A SID (RM…, PA…), a whole identity, or how the name of a room begins. Times are on your clock.</p>
    </form>
  );
}

/** Return the time at which the question was asked: what is found stays what it was until something else is asked. */
function useAskedAt(address: string): number {
  const [at, setAt] = useState(Date.now);
  useEffect(() => setAt(Date.now()), [address]);
  return at;
}

export function Calls({ query = {} }: PageProps) {
  const wanted = wantedOf(query);
  const address = searchHref(wanted);
  const nowMs = useAskedAt(address);
  return (
    <>
      <section class="page calls" aria-labelledby="calls-heading">
        <div class="section-head">
          <h2 id="calls-heading">Calls</h2>
        </div>
        <SearchForm key={address} wanted={wanted} />
      </section>
      {isAnything(wanted) && <WorstCalls />}
      <section class="calls" aria-labelledby="found-heading">
        <div class="section-head">
          <h2 id="found-heading">{isAnything(wanted) ? "All calls" : "Found"}</h2>
          <span class="order">latest first</span>
          {!isAnything(wanted) && (
            <a class="head-link" href="/rooms">
              Ask for something else
            </a>
          )}
        </div>
        <FoundCalls key={address} wanted={wanted} nowMs={nowMs} />
      </section>
    </>
  );
}
