// What a list is narrowed down to.  It stands in the address, so that a list can be sent to somebody.

import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { address } from "../picture/address.ts";
import { fieldOf, momentOf, zone } from "../picture/local-time.ts";
import { SPANS } from "../picture/spans.ts";
import { Choice, Field } from "./field.tsx";

type Query = Readonly<Record<string, string>>;
export type Change = (changed: Query) => void;

/** Return what is asked for, and how to ask for something else; that begins with the first page again. */
export function useFilters(): [Query, Change] {
  const { path, query, route } = useLocation();
  return [query, (changed) => route(address(path, { ...query, after: "", ...changed }), true)];
}

interface FiltersProps {
  label: string;
  query: Query;
  change: Change;
  /** The names of what can be narrowed down here. */
  names: readonly string[];
  children: ComponentChildren;
}

export function Filters({ label, query, change, names, children }: FiltersProps) {
  const narrowed = names.filter((name) => query[name]);
  return (
    <form class="narrowing" role="search" aria-label={label} onSubmit={(event) => event.preventDefault()}>
      {children}
      {narrowed.length > 0 && (
        <button type="button" class="quiet" onClick={() => change(Object.fromEntries(names.map((name) => [name, ""])))}>
          Show all
        </button>
      )}
    </form>
  );
}

interface SpanProps {
  query: Query;
  change: Change;
  label: string;
}

export function SpanFilter({ query, change, label }: SpanProps) {
  const bound = (name: "from" | "to", words: string) => (
    <Field
      id={`filter-${name}`}
      label={words}
      type="datetime-local"
      value={query[name] ? fieldOf(Number(query[name])) : ""}
      onValue={(value) => change({ [name]: String(momentOf(value) ?? "") })}
      hint={zone()}
    />
  );
  return (
    <>
      <Choice
        id="filter-span"
        label={label}
        value={query.span ?? ""}
        options={SPANS}
        onValue={(span) => change({ span, from: "", to: "" })}
      />
      {query.span === "between" && bound("from", "From")}
      {query.span === "between" && bound("to", "To")}
    </>
  );
}
