// A silence that somebody is about to make: whom it is about, what it would mute, why, and until when.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Silence } from "../api/silences.ts";
import { Trouble } from "../frame/answer.tsx";
import { tell } from "../frame/asking.ts";
import { useDeed } from "../frame/deed.ts";
import { useOwnName } from "../frame/own-name.ts";
import { zone } from "../picture/local-time.ts";
import { askedOf, type Draft, draftOf, draftOfSilence, endOf, fieldOfError, matcherTexts, type Problems, problemsOf } from "../picture/silence-draft.ts";
import { Field } from "./field.tsx";
import { MatcherRows } from "./matcher-rows.tsx";
import { SilencePreview, usePreview } from "./silence-preview.tsx";
import { When } from "./when.tsx";

interface FormProps {
  /** Which alerts are meant to begin with, as a link says it. */
  matchers: string;
  /** The silence that is to be made anew, if one is. */
  edited: Silence | null;
  onMade: (silence: Silence) => void;
  onClose: () => void;
}

const FIELD_IDS: [keyof Problems, string][] = [
  ["matchers", "matcher-0-name"],
  ["lasts", "silence-lasts"],
  ["until", "silence-until"],
  ["from", "silence-from"],
  ["reason", "silence-reason"],
  ["author", "silence-author"],
];

function focusFirst(problems: Problems): void {
  const first = FIELD_IDS.find(([key]) => problems[key] !== undefined);
  if (first !== undefined) document.getElementById(first[1])?.focus();
}

interface PartProps {
  draft: Draft;
  problems: Problems;
  change: (changed: Partial<Draft>) => void;
}

const LENGTHS = ["30m", "2h", "8h", "1d", "7d"];

function Ending({ draft, problems, change }: PartProps) {
  const endMs = endOf(draft, Date.now());
  const choice = (ends: Draft["ends"], words: string) => (
    <label class="form-choice">
      <input type="radio" name="silence-ends" checked={draft.ends === ends} onChange={() => change({ ends })} /> {words}
    </label>
  );
  return (
    <fieldset>
      <legend>How long</legend>
      <div class="form-choices">
        {choice("for", "for so long")}
        {choice("until", "until a time")}
      </div>
      {draft.ends === "for" ? (
        <Field
          id="silence-lasts"
          label="Lasts"
          list="silence-lengths"
          value={draft.lasts}
          onValue={(lasts) => change({ lasts })}
          error={problems.lasts}
          hint={
            endMs === null ? (
              "Such as 2h, 90 min or 1 d 12 h."
            ) : (
              <>
                It ends at <When atMs={endMs} />, {zone()}.
              </>
            )
          }
        />
      ) : (
        <Field
          id="silence-until"
          label="Until"
          type="datetime-local"
          value={draft.until}
          onValue={(until) => change({ until })}
          error={problems.until}
          hint={`On your clock, ${zone()}.`}
        />
      )}
      <Field
        id="silence-from"
        label="From"
        type="datetime-local"
        value={draft.from}
        onValue={(from) => change({ from })}
        error={problems.from}
        hint="Empty: from now on."
      />
      <datalist id="silence-lengths">
        {LENGTHS.map((length) => (
          <option key={length} value={length} />
        ))}
      </datalist>
    </fieldset>
  );
}

function Reason({ draft, problems, change }: PartProps) {
  return (
    <fieldset>
      <legend>For the others</legend>
      <Field
        id="silence-reason"
        label="Reason"
        placeholder="network work, ticket 4711"
        value={draft.reason}
        onValue={(reason) => change({ reason })}
        error={problems.reason}
        maxLength={1000}
      />
      <Field
        id="silence-author"
        label="Author"
        isName
        value={draft.author}
        onValue={(author) => change({ author })}
        error={problems.author}
        maxLength={100}
      />
    </fieldset>
  );
}

async function makeAnew(draft: Draft, edited: Silence | null): Promise<Silence> {
  const made = await tell<Silence>("POST", "/api/v1/silences", askedOf(draft, Date.now()));
  // The new one first: in between nobody is told what was to be silent.
  if (edited !== null && edited.state !== "expired") {
    await tell("DELETE", `/api/v1/silences/${encodeURIComponent(edited.id)}?by=${encodeURIComponent(made.author)}`);
  }
  return made;
}

export function SilenceForm({ matchers, edited, onMade, onClose }: FormProps) {
  const [name, setName] = useOwnName();
  const [draft, setDraft] = useState(() => (edited === null ? draftOf(matchers, name) : draftOfSilence(edited, name, Date.now())));
  const [isSent, setSent] = useState(false);
  const { isUnderWay, trouble, attempt } = useDeed();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const texts = matcherTexts(draft);
  const seen = usePreview(texts);

  const problems = isSent ? problemsOf(draft, Date.now()) : {};
  const at = trouble === "" ? null : fieldOfError(trouble);
  if (at !== null) problems[at] ??= trouble;
  if (seen.error !== "" && fieldOfError(seen.error) === "matchers") problems.matchers ??= seen.error;

  const change = (changed: Partial<Draft>) => {
    if (changed.author !== undefined) setName(changed.author);
    setDraft((before) => ({ ...before, ...changed }));
  };
  const send = async () => {
    setSent(true);
    const found = problemsOf(draft, Date.now());
    if (Object.keys(found).length > 0) return focusFirst(found);
    let made: Silence | null = null;
    if (await attempt(async () => (made = await makeAnew(draft, edited))) && made !== null) onMade(made);
  };
  const title = edited === null ? "A new silence" : edited.state === "expired" ? "The same silence again" : "Change a silence";
  return (
    <section class="silence-form" aria-labelledby="silence-form-heading">
      <h3 id="silence-form-heading" ref={heading} tabIndex={-1}>
        {title}
      </h3>
      {edited !== null && edited.state !== "expired" && (
        <p class="form-hint">A silence cannot be changed: another one is made of this form, and then this one is ended.</p>
      )}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div class="silence-whom">
          <MatcherRows matchers={draft.matchers} error={problems.matchers} onChange={(changed) => change({ matchers: changed })} />
          <SilencePreview seen={seen} isAsked={texts.length > 0} />
        </div>
        <div class="silence-rest">
          <Ending draft={draft} problems={problems} change={change} />
          <Reason draft={draft} problems={problems} change={change} />
        </div>
        {trouble !== "" && at === null && <Trouble words={trouble} />}
        <div class="form-buttons">
          <button type="submit" class="primary" disabled={isUnderWay}>
            {edited === null || edited.state === "expired" ? "Silence" : "Save as a new one"}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </section>
  );
}
