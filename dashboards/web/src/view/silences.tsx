// Silences in lists: what each is about, what it mutes now, until when, whose it is and why.

import { useState } from "preact/hooks";
import type { Silence } from "../api/silences.ts";
import { Trouble } from "../frame/answer.tsx";
import { tell } from "../frame/asking.ts";
import { useDeed } from "../frame/deed.ts";
import { useOwnName } from "../frame/own-name.ts";
import { useMay } from "../frame/session.ts";
import { silenceEffect, silenceTime } from "../picture/alerting-words.ts";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Chips } from "./labels.tsx";
import { When } from "./when.tsx";

interface ExpireProps {
  silence: Silence;
  onDone: () => void;
  onClose: () => void;
}

function ExpireDialog({ silence, onDone, onClose }: ExpireProps) {
  const [name, setName] = useOwnName();
  const [isAsked, setAsked] = useState(false);
  const { isUnderWay, trouble, attempt } = useDeed();
  const send = async () => {
    setAsked(true);
    if (name.trim() === "") return document.getElementById("expire-by")?.focus();
    const url = `/api/v1/silences/${encodeURIComponent(silence.id)}?by=${encodeURIComponent(name.trim())}`;
    if (await attempt(() => tell("DELETE", url))) onDone();
  };
  return (
    <Dialog title={silence.state === "pending" ? "Call this silence off" : "End this silence now"} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>
          <Chips texts={silence.matchers} />
        </p>
        <p>What still fires then is told as if it had begun to fire at that moment.</p>
        <Field
          id="expire-by"
          label="Who you are"
          value={name}
          onValue={setName}
          maxLength={100}
          isName
          error={isAsked && name.trim() === "" ? "The others want to know who it is." : undefined}
        />
        {trouble !== "" && <Trouble words={trouble} />}
        <div class="form-buttons">
          <button type="submit" class="primary" disabled={isUnderWay}>
            {silence.state === "pending" ? "Call off" : "Expire"}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface SilenceProps {
  silence: Silence;
  nowMs: number;
  onEdit: (silence: Silence) => void;
  onExpire: (silence: Silence) => void;
}

function SilenceItem({ silence, nowMs, onEdit, onExpire }: SilenceProps) {
  const mayOperate = useMay("operator");
  const { id, state, matchers, author, reason, starts_at_ms, ends_at_ms, mutes } = silence;
  const isOver = state === "expired";
  return (
    <li class={`silence is-${state}`} id={id} tabIndex={-1}>
      <div class="silence-words">
        <Chips texts={matchers} />
        <p class="silence-reason">
          {reason} <span class="order">{author}</span>
        </p>
      </div>
      <p class={mutes ? "silence-effect is-muting" : "silence-effect"}>{silenceEffect(silence)}</p>
      <p class="silence-time">
        {silenceTime(silence, nowMs)}
        <span class="order">
          {state === "pending" ? (
            <>
              from <When atMs={starts_at_ms} />
            </>
          ) : (
            <>
              {isOver ? "until" : "ends"} <When atMs={ends_at_ms} />
            </>
          )}
        </span>
      </p>
      {mayOperate && (
        <p class="silence-actions">
          <button type="button" onClick={() => onEdit(silence)}>
            {isOver ? "Again" : "Edit"}
          </button>
          {!isOver && (
            <button type="button" onClick={() => onExpire(silence)}>
              {state === "pending" ? "Call off" : "Expire"}
            </button>
          )}
        </p>
      )}
    </li>
  );
}

interface ListProps {
  label: string;
  silences: readonly Silence[];
  nowMs: number;
  onEdit: (silence: Silence) => void;
  onChanged: (news: string) => void;
}

export function SilenceList({ label, silences, nowMs, onEdit, onChanged }: ListProps) {
  const [ending, setEnding] = useState<Silence | null>(null);
  return (
    <>
      <ul class="silence-list" aria-label={label}>
        {silences.map((silence) => (
          <SilenceItem key={silence.id} silence={silence} nowMs={nowMs} onEdit={onEdit} onExpire={setEnding} />
        ))}
      </ul>
      {ending !== null && (
        <ExpireDialog
          silence={ending}
          onClose={() => setEnding(null)}
          onDone={() => {
            setEnding(null);
            onChanged("The silence has ended. What still fires is told now.");
          }}
        />
      )}
    </>
  );
}
