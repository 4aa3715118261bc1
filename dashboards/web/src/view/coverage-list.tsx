// How many people were heard, and for how much of their time: by what they have in common, the least heard first.

import type { Coverage, CoveragePage } from "../answers.ts";
import { Answered, Lacking } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { degradedRatio } from "../picture/calls.ts";
import { count, percent, share } from "../picture/quantity.ts";
import { type Column, Records } from "./records.tsx";
import { Unknown } from "./value.tsx";

const REFRESH_MS = 60_000;
const POOR_RATIO = 0.9; // of the minutes that a browser should have spoken of

export const SCOPES: Record<string, string> = {
  sdk: "SDK version",
  browser: "browser",
  network: "network",
  region: "media region",
  edge: "edge",
  account: "account",
};

function Heard({ ratio }: { ratio: number | null }) {
  if (ratio === null) return <Unknown />;
  return (
    <>
      {ratio < POOR_RATIO ? <strong class="strained">{share(ratio)}</strong> : share(ratio)}{" "}
      <meter min={0} max={1} value={ratio} aria-hidden="true" />
    </>
  );
}

function columns(scope: string): [Column<Coverage>, ...Column<Coverage>[]] {
  return [
    { name: SCOPES[scope] ?? scope, of: ({ key }) => (key === "" ? <span class="unknown">not told</span> : key) },
    { name: "People", of: ({ participants }) => count(Math.round(participants)), as: "number" },
    { name: "Minutes expected", of: ({ expected_minutes }) => count(Math.round(expected_minutes)), as: "number" },
    { name: "Heard", of: ({ heard_ratio }) => <Heard ratio={heard_ratio} />, as: "number" },
    {
      name: "With a level",
      of: ({ rated_minutes, heard_minutes }) =>
        heard_minutes > 0 ? share(Math.min(1, rated_minutes / heard_minutes)) : <Unknown />,
      as: "number",
    },
    {
      name: "Bad minutes",
      of: (coverage) => {
        const ratio = degradedRatio(coverage);
        return ratio === null ? <Unknown /> : percent(ratio);
      },
      as: "number",
    },
  ];
}

function leastHeardFirst(coverage: readonly Coverage[]): Coverage[] {
  return [...coverage].sort((a, b) => (a.heard_ratio ?? 0) - (b.heard_ratio ?? 0) || b.participants - a.participants);
}

export function CoverageList({ scope }: { scope: string }) {
  const answer = useAnswer<CoveragePage>(`/api/v1/coverage?by=${scope}`, { everyMs: REFRESH_MS });
  return (
    <Answered answer={answer} what="the coverage">
      {({ coverage, next, lacking }) =>
        lacking !== "" && coverage.length === 0 ? (
          <Lacking words={lacking} />
        ) : coverage.length === 0 ? (
          <p class="empty">
            No browser has posted telemetry in this time. Add the SDK to the page that joins your rooms: it is served at
            /sdk/roomwatch.js on the public listener.
          </p>
        ) : (
          <>
            <Lacking words={lacking} />
            <p class="means">
              Where much is not heard, that client does not send what it should: it may be an old SDK, blocked, or without leave
              to post from its page.
            </p>
            <Records
              labelledBy="coverage-heading"
              columns={columns(scope)}
              records={leastHeardFirst(coverage)}
              keyOf={({ key }) => key}
            />
            {next !== null && <p class="empty">There are more than are listed here; the API has all of them.</p>}
          </>
        )
      }
    </Answered>
  );
}
