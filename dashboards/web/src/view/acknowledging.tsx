// "I look after it", and "I do not any more".

import { useState } from "preact/hooks";
import type { Incident } from "../api/incidents.ts";
import { Trouble } from "../frame/answer.tsx";
import { tell } from "../frame/asking.ts";
import { useDeed } from "../frame/deed.ts";
import { useOwnName } from "../frame/own-name.ts";
import { incidentAddress } from "../picture/address.ts";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";

interface AcknowledgingProps {
  incident: Incident;
  /** Whether it is given back, instead of taken. */
  isGivingBack: boolean;
  onDone: () => void;
  onClose: () => void;
}

const WORDS = {
  take: {
    title: "Look after this incident",
    what: "Nobody else is told from here on, nothing is repeated, and everybody who was told hears that you look after it.",
    button: "Acknowledge",
  },
  giveBack: {
    title: "Give this incident back",
    what: "Nobody looks after it then: it is repeated again, and the next ones are told after the pause that was planned.",
    button: "Give back",
  },
};

export function AcknowledgeDialog({ incident, isGivingBack, onDone, onClose }: AcknowledgingProps) {
  const [name, setName] = useOwnName();
  const [note, setNote] = useState("");
  const [isAsked, setAsked] = useState(false);
  const { isUnderWay, trouble, attempt } = useDeed();
  const { title, what, button } = isGivingBack ? WORDS.giveBack : WORDS.take;
  const send = async () => {
    setAsked(true);
    if (name.trim() === "") return document.getElementById("acknowledge-by")?.focus();
    const url = `/api/v1${incidentAddress(incident.id)}/${isGivingBack ? "unacknowledge" : "acknowledge"}`;
    const said = isGivingBack || note.trim() === "" ? { by: name.trim() } : { by: name.trim(), note: note.trim() };
    if (await attempt(() => tell("POST", url, said))) onDone();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{what}</p>
        <Field
          id="acknowledge-by"
          label="Who you are"
          value={name}
          onValue={setName}
          maxLength={100}
          isName
          error={isAsked && name.trim() === "" ? "The others want to know who it is." : undefined}
        />
        {!isGivingBack && (
          <Field
            id="acknowledge-note"
            label="A note for the others"
            hint="Optional; sent to everybody who was told."
            value={note}
            onValue={setNote}
            maxLength={300}
          />
        )}
        {trouble !== "" && <Trouble words={trouble} />}
        <div class="form-buttons">
          <button type="submit" class="primary" disabled={isUnderWay}>
            {button}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
