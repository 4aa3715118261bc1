// A sentence of the daemon's, with the moments in it on the reader's clock, and a way to the incidents in it.

import { incidentAddress } from "../picture/address.ts";
import { type Part, partsOf } from "../picture/sentence.ts";
import { When } from "./when.tsx";

function PartView({ part }: { part: Part }) {
  if (typeof part === "string") return <>{part}</>;
  if ("atMs" in part) return <When atMs={part.atMs} />;
  return <a href={incidentAddress(part.incident)}>{part.incident}</a>;
}

export function InWords({ text }: { text: string }) {
  return (
    <>
      {partsOf(text).map((part, place) => (
        <PartView key={place} part={part} />
      ))}
    </>
  );
}
