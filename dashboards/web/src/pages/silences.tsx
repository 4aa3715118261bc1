// Silences: what nobody is told of for a while, and how to make and end one.

import { useLocation } from "preact-iso";
import { useRef, useState } from "preact/hooks";
import type { Silence, Silences } from "../api/silences.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import { useMay } from "../frame/session.ts";
import { plural } from "../picture/quantity.ts";
import { SilenceForm } from "../view/silence-form.tsx";
import { SilenceList } from "../view/silences.tsx";

const EVERY_MS = 5_000;

interface ShownProps {
  silences: readonly Silence[];
  onEdit: (silence: Silence) => void;
  onChanged: (news: string) => void;
}

function InForce({ silences, onEdit, onChanged }: ShownProps) {
  const mayOperate = useMay("operator");
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  const active = silences.filter(({ state }) => state === "active");
  const pending = silences.filter(({ state }) => state === "pending");
  return (
    <>
      <section aria-labelledby="active-heading">
        <div class="section-head">
          <h3 id="active-heading">Active</h3>
          {active.length > 0 && <span class="order">{plural(active.length, "silence")}, the first to end first</span>}
        </div>
        {active.length === 0 ? (
          <p class="empty">
            No silence is active: whatever fires is told.
            {mayOperate && " “New silence” makes one, as does “Silence this” beside an alert of an incident."}
          </p>
        ) : (
          <SilenceList label="Active silences" silences={active} nowMs={nowMs} onEdit={onEdit} onChanged={onChanged} />
        )}
      </section>
      {pending.length > 0 && (
        <section aria-labelledby="pending-heading">
          <div class="section-head">
            <h3 id="pending-heading">Pending</h3>
            <span class="order">{plural(pending.length, "silence")} still to begin</span>
          </div>
          <SilenceList label="Pending silences" silences={pending} nowMs={nowMs} onEdit={onEdit} onChanged={onChanged} />
        </section>
      )}
    </>
  );
}

function Expired({ onEdit, onChanged }: Omit<ShownProps, "silences">) {
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  const answer = useAnswer<Silences>("/api/v1/silences?expired=true");
  return (
    <Answered answer={answer} what="the silences that are over">
      {({ silences }) => {
        const over = silences.filter(({ state }) => state === "expired").sort((a, b) => b.ends_at_ms - a.ends_at_ms);
        if (over.length === 0) return <p class="empty">No silence that is over is on record.</p>;
        return <SilenceList label="Expired silences" silences={over} nowMs={nowMs} onEdit={onEdit} onChanged={onChanged} />;
      }}
    </Answered>
  );
}

/** The form that is open: for which silence, or for a new one. */
interface Open {
  edited: Silence | null;
}

export function SilencesPage() {
  const { query, route } = useLocation();
  const mayOperate = useMay("operator");
  const answer = useAnswer<Silences>("/api/v1/silences", { everyMs: EVERY_MS });
  const [edited, setEdited] = useState<Silence | null>(null);
  const [areOverShown, setOverShown] = useState(false);
  const [news, setNews] = useState("");
  const said = useRef<HTMLParagraphElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const open: Open | null = !mayOperate ? null : edited !== null ? { edited } : query.new ? { edited: null } : null;

  const close = () => {
    setEdited(null);
    if (query.new) route("/silences", true);
    requestAnimationFrame(() => opener.current?.focus());
  };
  const changed = (words: string) => {
    setEdited(null);
    if (query.new) route("/silences", true);
    setNews(words);
    answer.again();
    requestAnimationFrame(() => said.current?.focus());
  };
  const edit = (silence: Silence) => {
    setNews("");
    setEdited(silence);
  };
  return (
    <div class="alerting">
      <div class="page-head">
        <h2>Silences</h2>
        {mayOperate && open === null && (
          <div class="page-actions">
            <button type="button" class="primary" ref={opener} onClick={() => route("/silences?new=1", true)}>
              New silence
            </button>
          </div>
        )}
      </div>
      <p class="news" role="status" tabIndex={-1} ref={said}>
        {news}
      </p>
      {open !== null && (
        <SilenceForm
          key={open.edited?.id ?? query.matchers ?? ""}
          matchers={query.matchers ?? ""}
          edited={open.edited}
          onMade={(made) => changed(made.state === "active" ? "The silence is active." : "The silence is made, and begins at its time.")}
          onClose={close}
        />
      )}
      <Answered answer={answer} what="the silences there are">
        {({ silences }) => <InForce silences={silences} onEdit={edit} onChanged={changed} />}
      </Answered>
      <section aria-labelledby="expired-heading">
        <div class="section-head">
          <h3 id="expired-heading">Expired</h3>
          <button type="button" class="quiet" aria-expanded={areOverShown} onClick={() => setOverShown(!areOverShown)}>
            {areOverShown ? "Hide them" : "Show them"}
          </button>
        </div>
        {areOverShown && <Expired key={news} onEdit={edit} onChanged={changed} />}
      </section>
    </div>
  );
}
