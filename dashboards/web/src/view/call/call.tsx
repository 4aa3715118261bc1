// One call, from its name down to the last measured value.

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { addressOf, laneMeant, type Pointed } from "../../call/address.ts";
import { type Part } from "../../call/axis.ts";
import { endOf } from "../../call/news.ts";
import type { Entry, Lanes, Story } from "../../call/shapes.ts";
import { incidents } from "../../call/story.ts";
import { isOver } from "../../call/words.ts";
import { kept } from "../../call/zoom.ts";
import { Lacking, Trouble } from "../../frame/answer.tsx";
import { useOwnTitle } from "../../frame/title.ts";
import { Axis } from "./axis.tsx";
import { type Followed, type Source, useFollowed } from "./following.ts";
import { Gaps } from "./gaps.tsx";
import { Head, Incidents } from "./head.tsx";
import { laneAnchor } from "./lane.tsx";
import { Sight, SightContext } from "./sight.ts";
import { StorySection } from "./story.tsx";
import { VerdictSection } from "./verdict.tsx";

const AROUND_MS = 600_000; // what is shown around a moment that a link marks
const NO_ENTRIES: readonly Entry[] = [];

interface CallProps {
  source: Source;
  /** The address of the page. */
  path: string;
  asked: Pointed;
  isShared: boolean;
}

/** Return from when to when there is something to see: of a call that goes on, until the last that was heard. */
function wholeOf(lanes: Lanes, story: Story): Part {
  const fromMs = Math.min(lanes.from_ms, story.from_ms);
  const endMs = Math.max(endOf(lanes), story.to_ms);
  if (isOver(story)) return { fromMs, toMs: endMs };
  const heardMs = Math.max(fromMs + 60_000, ...lanes.lanes.flatMap(({ spans }) => spans.map(({ to_ms }) => to_ms)));
  return { fromMs, toMs: Math.min(heardMs, endMs) };
}

/** Return what is looked at: the same for as long as the call is, though it grows. */
function useSightOf(url: string, { lanes, story }: Followed, asked: Pointed): Sight | null {
  const known = useRef<{ url: string; sight: Sight } | null>(null);
  const isKnown = known.current?.url === url;
  if (lanes !== null && story !== null && !isKnown) {
    const sight = new Sight(wholeOf(lanes, story));
    if (asked.atMs !== null) sight.show(kept({ fromMs: asked.atMs - AROUND_MS, toMs: asked.atMs + AROUND_MS }, sight.whole));
    known.current = { url, sight };
  }
  const sight = known.current?.url === url ? known.current.sight : null;
  useEffect(() => {
    if (sight !== null && lanes !== null && story !== null) sight.extend(wholeOf(lanes, story));
  }, [sight, lanes, story]);
  return sight;
}

/** Return what the address points at, and how to have it point elsewhere. */
function usePointed(path: string, asked: Pointed): [Pointed, (change: Partial<Pointed>) => void] {
  const [pointed, setPointed] = useState(asked);
  useEffect(() => setPointed(asked), [path, asked.atMs, asked.participant, asked.and]);
  const point = useCallback(
    (change: Partial<Pointed>) =>
      setPointed((before) => {
        const after = { ...before, ...change };
        history.replaceState(history.state, "", addressOf(path, after));
        return after;
      }),
    [path],
  );
  return [pointed, point];
}

function useOpen(): [ReadonlySet<string>, (key: string) => void, (key: string) => void] {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (key: string) =>
      setOpen((before) => {
        const after = new Set(before);
        if (!after.delete(key)) after.add(key);
        return after;
      }),
    [],
  );
  const show = useCallback((key: string) => setOpen((before) => new Set(before).add(key)), []);
  return [open, toggle, show];
}

/** Whoever comes by a link that points at somebody lands there, with their lane opened. */
function useArrival(lanes: Lanes | null, asked: Pointed, open: (key: string) => void): void {
  const arrived = useRef("");
  useEffect(() => {
    const who = `${asked.participant} ${asked.and}`;
    if (lanes === null || arrived.current === who) return;
    arrived.current = who;
    const lane = laneMeant(lanes.lanes, asked.participant);
    if (lane === null) return;
    if (asked.and === "") open(lane.key);
    requestAnimationFrame(() => document.getElementById(laneAnchor(lane.key))?.scrollIntoView({ block: "center" }));
  }, [lanes, asked.participant, asked.and]);
}

function Body({ source, followed, path, asked, isShared }: CallProps & { followed: Followed }) {
  const { lanes, story, verdict, pulse, trouble, isWhole } = followed;
  const sight = useSightOf(source.url, followed, asked);
  const [pointed, point] = usePointed(path, asked);
  const [open, toggle, show] = useOpen();
  useArrival(lanes, asked, show);
  useOwnTitle(story?.room_name ?? story?.room_sid ?? null);
  const entries = story?.entries ?? NO_ENTRIES;
  const found = useMemo(() => (isShared ? [] : incidents(entries)), [entries, isShared]);
  const goTo = (key: string) => {
    show(key);
    point({ participant: key });
    requestAnimationFrame(() => document.getElementById(laneAnchor(key))?.scrollIntoView({ block: "center" }));
  };
  const onWhom = (whom: string) => {
    const lane = laneMeant(lanes?.lanes ?? [], whom);
    return lane === null ? null : () => goTo(lane.key);
  };
  const onEntry = ({ at_ms, key }: Entry) => {
    point(key ? { atMs: at_ms, participant: key } : { atMs: at_ms });
    sight?.show(kept({ fromMs: at_ms - AROUND_MS / 2, toMs: at_ms + AROUND_MS / 2 }, sight.whole));
    const anchor = key ? document.getElementById(laneAnchor(key)) : document.querySelector(".call-axis");
    anchor?.scrollIntoView({ block: key ? "center" : "start" });
  };
  if (story === null) return null;
  const isUnmet = pointed.participant !== "" && lanes !== null && laneMeant(lanes.lanes, pointed.participant) === null;
  return (
    <SightContext.Provider value={sight ?? NOWHERE}>
      <Head story={story} lanes={lanes} pulse={pulse} url={source.url} isShared={isShared} />
      <div class="call-top">
        <VerdictSection verdict={verdict} trouble={trouble.verdict} url={isShared ? "" : `${source.url}/verdict`} onWhom={onWhom} />
        <Incidents incidents={found} />
      </div>
      <Lacking words={lanes?.lacking || story.lacking} remark="This page asks again until all of it is there." />
      <Gaps missing={story.missing} />
      {trouble.story !== "" && <Trouble words={`${trouble.story} What is shown is the last answer there was.`} />}
      {trouble.lanes !== "" && <Trouble words={trouble.lanes} />}
      {isUnmet && <p class="note">Nobody by {pointed.participant} is known to have been in this call: everybody who was is below.</p>}
      {lanes === null && trouble.lanes === "" && <p class="loading">Asking for how everybody fared.</p>}
      {lanes !== null && sight !== null && (
        <Axis url={pulse === "ended" ? source.url : ""} lanes={lanes} entries={entries} isWaiting={!isWhole} pointed={pointed} open={open} onToggle={toggle} onPoint={point} />
      )}
      <StorySection entries={entries} people={lanes?.lanes ?? []} isCut={story.is_cut} onPoint={onEntry} />
    </SightContext.Provider>
  );
}

const NOWHERE = new Sight({ fromMs: 0, toMs: 1 });

function Unknown({ words, isShared }: { words: string; isShared: boolean }) {
  return (
    <section class="nowhere">
      <h2>{isShared ? "This link shows nothing any more" : "No such call is on record"}</h2>
      <p>{words}</p>
      {isShared ? (
        <p>A link ends when its time is over, when somebody ends it, and when the call is dropped. Ask for a new one where you got it.</p>
      ) : (
        <p>
          Calls are kept for as long as <code>storage.history_days</code> says, 180 days unless told otherwise, and then dropped. Of
          calls from before Roomwatch was set up it knows nothing. <a href="/rooms">Look for another call</a>, or see{" "}
          <a href="/">the rooms that are live</a>.
        </p>
      )}
    </section>
  );
}

export function Call(props: CallProps) {
  const followed = useFollowed(props.source);
  if (followed.refused === 404) return <Unknown words={followed.trouble.story} isShared={props.isShared} />;
  if (followed.story !== null) return <Body {...props} followed={followed} />;
  return followed.trouble.story === "" ? <p class="loading">Asking for the call.</p> : <Trouble words={followed.trouble.story} />;
}
