// Which alerts are meant, one row for each label that has to agree.

import { OPERATOR_WORDS, OPERATORS, type Matcher, type Operator } from "../picture/matchers.ts";

/** What every alert may have: suggestions, not limits. */
const KNOWN_LABELS = ["alertname", "severity", "kind", "room_name", "room", "account", "region", "tenant", "identity"];

interface RowsProps {
  matchers: readonly Matcher[];
  error?: string | undefined;
  onChange: (matchers: Matcher[]) => void;
}

function focusSoon(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.focus());
}

export function MatcherRows({ matchers, error, onChange }: RowsProps) {
  const put = (place: number, changed: Partial<Matcher>) =>
    onChange(matchers.map((matcher, at) => (at === place ? { ...matcher, ...changed } : matcher)));
  const remove = (place: number) => {
    onChange(matchers.filter((_, at) => at !== place));
    focusSoon(`matcher-${Math.max(0, place - 1)}-name`);
  };
  const add = () => {
    onChange([...matchers, { name: "", operator: "=", value: "" }]);
    focusSoon(`matcher-${matchers.length}-name`);
  };
  return (
    <fieldset class={error ? "matchers has-error" : "matchers"} aria-describedby={error ? "matchers-error" : undefined}>
      <legend>Alerts of which all of this holds</legend>
      <datalist id="known-labels">
        {KNOWN_LABELS.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {matchers.map((matcher, place) => (
        <div class="matcher" key={place} role="group" aria-label={`Condition ${place + 1}`}>
          <input
            id={`matcher-${place}-name`}
            list="known-labels"
            aria-label="Label"
            placeholder="label"
            value={matcher.name}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-invalid={error ? "true" : undefined}
            onInput={(event) => put(place, { name: event.currentTarget.value })}
          />
          <select
            aria-label="How it compares"
            value={matcher.operator}
            onChange={(event) => put(place, { operator: event.currentTarget.value as Operator })}
          >
            {OPERATORS.map((operator) => (
              <option key={operator} value={operator} selected={operator === matcher.operator}>
                {OPERATOR_WORDS[operator]}
              </option>
            ))}
          </select>
          <input
            aria-label="Value"
            placeholder="value"
            value={matcher.value}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-invalid={error ? "true" : undefined}
            onInput={(event) => put(place, { value: event.currentTarget.value })}
          />
          <button type="button" class="quiet" disabled={matchers.length === 1} onClick={() => remove(place)}>
            Remove<span class="aloud"> condition {place + 1}</span>
          </button>
        </div>
      ))}
      <p class="form-hint">“Matches” takes a regular expression for the whole value, such as class-.*; a label that an alert has not is empty.</p>
      {error && (
        <p class="form-error" id="matchers-error">
          {error}
        </p>
      )}
      <button type="button" class="quiet" onClick={add}>
        Add a condition
      </button>
    </fieldset>
  );
}
