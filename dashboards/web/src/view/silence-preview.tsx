// What a silence would mute if it began now: asked anew whenever the matchers change, a moment after the last key.

import { useEffect, useState } from "preact/hooks";
import type { Preview } from "../api/silences.ts";
import { inWords, Refused, tell } from "../frame/asking.ts";
import { plural } from "../picture/quantity.ts";
import { Severity } from "./severity.tsx";

const TYPING_MS = 350;
const EVERY_MS = 10_000;
const AT_A_GLANCE = 8;

export interface Seen {
  preview: Preview | null;
  /** What is wrong with the matchers, as the daemon sees it. */
  error: string;
}

const NOTHING: Seen = { preview: null, error: "" };

/** Return what these matchers are about; nothing is asked as long as there are none. */
export function usePreview(matchers: readonly string[]): Seen {
  const [seen, setSeen] = useState<Seen>(NOTHING);
  const asked = JSON.stringify(matchers);
  useEffect(() => {
    if (matchers.length === 0) return setSeen(NOTHING);
    let isOver = false;
    const look = async () => {
      const next = await tell<Preview>("POST", "/api/v1/silences/preview", { matchers })
        .then((preview): Seen => ({ preview, error: "" }))
        .catch((error: unknown): Seen => ({ preview: null, error: error instanceof Refused || error instanceof Error ? inWords(error) : "" }));
      if (!isOver) setSeen(next);
    };
    const soon = setTimeout(look, TYPING_MS);
    const often = setInterval(() => !document.hidden && void look(), EVERY_MS);
    return () => {
      isOver = true;
      clearTimeout(soon);
      clearInterval(often);
    };
  }, [asked]);
  return seen;
}

function words({ count }: Preview): string {
  if (count === 0) return "Nothing that fires now is meant. What begins to fire later is muted, if it agrees.";
  return `${plural(count, "alert")} that ${count === 1 ? "fires" : "fire"} now would be muted:`;
}

export function SilencePreview({ seen, isAsked }: { seen: Seen; isAsked: boolean }) {
  const { preview } = seen;
  return (
    <div class="preview" aria-live="polite">
      <h4>What it would mute</h4>
      {!isAsked && <p class="empty">Say which alerts are meant, and it is shown here which of them fire.</p>}
      {isAsked && preview === null && <p class="empty">{seen.error === "" ? "Looking." : "Nothing, as it stands: the conditions cannot be understood."}</p>}
      {isAsked && preview !== null && (
        <>
          <p class={preview.count === 0 ? "empty" : "preview-count"}>{words(preview)}</p>
          <ul>
            {preview.alerts.slice(0, AT_A_GLANCE).map((alert) => (
              <li key={alert.fingerprint}>
                <Severity severity={alert.severity} /> {alert.summary === "" ? `${alert.rule} ${alert.entity}` : alert.summary}
              </li>
            ))}
          </ul>
          {preview.count > AT_A_GLANCE && <p class="order">and {preview.count - AT_A_GLANCE} more</p>}
        </>
      )}
    </div>
  );
}
