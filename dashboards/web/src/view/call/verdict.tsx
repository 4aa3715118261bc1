// Whose fault it was, in words: to be read without looking at any lane.

import { useContext, useState } from "preact/hooks";
import { useAnswer } from "../../frame/asking.ts";
import { clock, type Part } from "../../call/axis.ts";
import type { Verdict } from "../../call/shapes.ts";
import { basis, isNoVerdict, sureness, verdictTitle, whereItSits } from "../../call/words.ts";
import { isWhole } from "../../call/zoom.ts";
import { SightContext, useSight } from "./sight.ts";

interface VerdictProps {
  verdict: Verdict | null;
  trouble: string;
  /** Where it is asked for; empty where no part of the call may be asked about. */
  url: string;
  /** Show somebody; null where they are not on the page. */
  onWhom: (whom: string) => (() => void) | null;
}

function tone({ cause }: Verdict): string {
  if (cause === "nothing") return "is-well";
  return cause === "not known" ? "is-open" : "is-blamed";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Sure({ verdict }: { verdict: Verdict }) {
  const facts = verdict.because.length;
  return (
    <p class="sure">
      <b>{capital(sureness(verdict.confidence))}</b>{" "}
      <span class="soft">
        ({Math.floor(verdict.confidence * 100)} %: {facts === 1 ? "one fact speaks" : `${facts} facts speak`} for it)
      </span>
    </p>
  );
}

function Facts({ verdict, onWhom }: { verdict: Verdict; onWhom: VerdictProps["onWhom"] }) {
  const show = verdict.whom === null ? null : onWhom(verdict.whom);
  const where = whereItSits(verdict);
  return (
    <>
      {!isNoVerdict(verdict) && <Sure verdict={verdict} />}
      {where !== "" && (
        <p>
          <span class="soft">Where it sits:</span> {where}.
          {show !== null && (
            <button type="button" class="plain" onClick={show}>
              Show {verdict.name}
            </button>
          )}
        </p>
      )}
      {verdict.because.length > 0 && (
        <ul class="because" aria-label={isNoVerdict(verdict) ? "Why there is none" : "What says so"}>
          {verdict.because.map((fact) => (
            <li key={fact}>{fact}.</li>
          ))}
        </ul>
      )}
      {verdict.others.length > 0 && (
        <details>
          <summary>What else was looked at</summary>
          <ul class="because">
            {verdict.others.map(({ cause, whom, fact }) => (
              <li key={`${cause} ${whom} ${fact}`}>
                {capital(cause)}
                {whom && `, ${whom}`}: {fact}.
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="basis soft">{basis(verdict)}</p>
    </>
  );
}

function Judged({ verdict, onWhom }: { verdict: Verdict; onWhom: VerdictProps["onWhom"] }) {
  return (
    <div class={`verdict ${tone(verdict)}`}>
      <p class="verdict-title">{verdictTitle(verdict)}</p>
      <p class="sentence">{verdict.sentence}</p>
      <Facts verdict={verdict} onWhom={onWhom} />
    </div>
  );
}

/** Who complains of a few minutes should be answered about those: in a longer time something else may be worse. */
function OfPart({ url, onWhom }: { url: string; onWhom: VerdictProps["onWhom"] }) {
  const sight = useSight();
  const [asked, setAsked] = useState<Part | null>(null);
  const answer = useAnswer<Verdict>(asked === null ? null : `${url}?from=${Math.floor(asked.fromMs)}&to=${Math.ceil(asked.toMs)}`);
  const isOffered = !isWhole(sight.part, sight.whole) && (asked?.fromMs !== sight.part.fromMs || asked.toMs !== sight.part.toMs);
  return (
    <>
      {isOffered && (
        <button type="button" onClick={() => setAsked(sight.part)}>
          Judge only {clock(sight.part.fromMs)} – {clock(sight.part.toMs)}
        </button>
      )}
      {asked !== null && (
        <div class="of-part" role="status">
          <p class="verdict-title">
            Only {clock(asked.fromMs)} – {clock(asked.toMs)}
          </p>
          {answer.value !== null && <Judged verdict={answer.value} onWhom={onWhom} />}
          {answer.trouble !== "" && <p>{answer.trouble}</p>}
          {answer.value === null && answer.trouble === "" && <p class="soft">Working it out.</p>}
        </div>
      )}
    </>
  );
}

export function VerdictSection({ verdict, trouble, url, onWhom }: VerdictProps) {
  const isThere = useContext(SightContext).whole.toMs > 1;
  return (
    <section class="verdict-section" aria-labelledby="verdict-heading">
      <h2 id="verdict-heading">Verdict</h2>
      {verdict === null && trouble === "" && <p class="soft">Working it out: this call is compared with the others of its time.</p>}
      {trouble !== "" && <p class="note">There is no verdict: {trouble}</p>}
      {verdict !== null && <Judged verdict={verdict} onWhom={onWhom} />}
      {url !== "" && isThere && <OfPart url={url} onWhom={onWhom} />}
    </section>
  );
}
