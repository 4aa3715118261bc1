// Which input is missing, what cannot be told without it, and how to get it.

import type { MissingInput } from "../../call/shapes.ts";
import { plural } from "../../picture/quantity.ts";
import { gaps } from "../../call/story.ts";

const SAID_AT_ONCE = 3;

/** Set what stands between backticks as code. */
function Coded({ text }: { text: string }) {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}

export function Gaps({ missing }: { missing: readonly MissingInput[] }) {
  if (missing.length === 0) return null;
  return (
    <section class="missing" aria-label="What is not known of this call, and how to get it">
      {gaps(missing).map(({ words, remedy, docs }) => (
        <p key={remedy}>
          <strong>{words.slice(0, SAID_AT_ONCE).join(" ")}</strong>
          {words.length > SAID_AT_ONCE && ` And so for ${plural(words.length - SAID_AT_ONCE, "other")}.`} <Coded text={remedy} />
          {docs && (
            <span class="soft">
              {" "}
              More in <code>{docs}</code>.
            </span>
          )}
        </p>
      ))}
    </section>
  );
}
