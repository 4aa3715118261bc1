// A field of a form: its label, what it is for, and beside it what is wrong with what was typed.

import type { ComponentChildren } from "preact";

interface AroundProps {
  id: string;
  label: ComponentChildren;
  hint?: ComponentChildren;
  error?: string | undefined;
  children: ComponentChildren;
}

/** What `aria-describedby` of the control in a field has to name. */
export function describing(id: string, hint: unknown, error: string | undefined): string | undefined {
  const names = [hint === undefined ? "" : `${id}-hint`, error ? `${id}-error` : ""].filter(Boolean);
  return names.length === 0 ? undefined : names.join(" ");
}

export function Around({ id, label, hint, error, children }: AroundProps) {
  return (
    <div class={error ? "form-field has-error" : "form-field"}>
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="form-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="form-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  id: string;
  label: ComponentChildren;
  hint?: ComponentChildren;
  error?: string | undefined;
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "datetime-local";
  /** The id of a list of suggestions. */
  list?: string;
  placeholder?: string;
  maxLength?: number;
  isName?: boolean;
}

export function Field({ id, label, hint, error, value, onValue, type = "text", list, placeholder, maxLength, isName }: FieldProps) {
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        type={type}
        value={value}
        {...(type === "datetime-local" && { step: 1 })}
        {...(list !== undefined && { list })}
        {...(placeholder !== undefined && { placeholder })}
        {...(maxLength !== undefined && { maxLength })}
        autocomplete={isName ? "name" : "off"}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={describing(id, hint, error)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Around>
  );
}

interface ChoiceProps {
  id: string;
  label: string;
  value: string;
  options: readonly { key: string; words: string }[];
  onValue: (value: string) => void;
}

export function Choice({ id, label, value, options, onValue }: ChoiceProps) {
  return (
    <Around id={id} label={label}>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(({ key, words }) => (
          <option key={key} value={key} selected={key === value}>
            {words}
          </option>
        ))}
      </select>
    </Around>
  );
}
