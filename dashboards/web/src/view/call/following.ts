// How does the page of a call get what it shows, and stay up to date for as long as the call goes on?
//
// The levels come first and the measured columns after them, since whoever looks wants the picture before the numbers.
// A call that goes on is told by a stream; where there is none, or it is refused, the page asks again every few seconds.
// So it does of any call for as long as an answer says that a part of what was measured is out of reach.

import { useEffect, useReducer, useRef } from "preact/hooks";
import { Refused, ask, inWords } from "../../frame/asking.ts";
import { becomesVisible, delayMs, pause, reloadSoon } from "../../polling.ts";
import { endOf, withSteps } from "../../call/news.ts";
import type { Lanes, MissingInput, Story, Verdict, Entry } from "../../call/shapes.ts";
import { withNews } from "../../call/story.ts";
import { isOver } from "../../call/words.ts";

const POINTS = 1500; // every sample of four hours, and more than there are pixels
const ASKED_AGAIN_MS = 10_000;

/** Where a call is asked for. */
export interface Source {
  url: string;
  /** Whether it is streamed while it goes on. */
  isStreamed: boolean;
}

export type Pulse = "asking" | "live" | "asking again" | "ended";

export interface Followed {
  lanes: Lanes | null;
  /** Whether the measured columns have come, too. */
  isWhole: boolean;
  story: Story | null;
  verdict: Verdict | null;
  pulse: Pulse;
  /** What is wrong with each of the answers, in words; empty if nothing is. */
  trouble: { lanes: string; story: string; verdict: string };
  /** The status with which the call was refused, or 0. */
  refused: number;
}

const NOTHING: Followed = {
  lanes: null,
  isWhole: false,
  story: null,
  verdict: null,
  pulse: "asking",
  trouble: { lanes: "", story: "", verdict: "" },
  refused: 0,
};

type Learn = (change: (known: Followed) => Partial<Followed>) => void;

/** Return what is known of the call at `source`, and go on learning. */
export function useFollowed({ url, isStreamed }: Source): Followed {
  const [, again] = useReducer((turn: number) => turn + 1, 0);
  const known = useRef<Followed>(NOTHING);
  useEffect(() => {
    const ended = new AbortController();
    const learn: Learn = (change) => {
      if (ended.signal.aborted) return;
      known.current = { ...known.current, ...change(known.current) };
      again(undefined);
    };
    learn(() => NOTHING);
    void follow({ url, isStreamed }, learn, () => known.current, ended.signal);
    return () => ended.abort();
  }, [url, isStreamed]);
  return known.current;
}

async function follow(source: Source, learn: Learn, known: () => Followed, ended: AbortSignal): Promise<void> {
  for (let failures = 0; !ended.aborted; failures += 1) {
    await askForAll(source.url, learn, known, ended);
    if (ended.aborted) return;
    if (known().story !== null || (known().refused >= 400 && known().refused < 500)) break;
    await pause(delayMs(failures));
  }
  if (isLacking(known())) await keepAsking(source.url, learn, known, ended, () => !isLacking(known()));
  const { story } = known();
  if (story === null || ended.aborted) return;
  if (isOver(story)) learn(() => ({ pulse: "ended" }));
  else if (!source.isStreamed) await keepAsking(source.url, learn, known, ended);
  else if ((await stream(source.url, learn, known, ended)) === "refused") await keepAsking(source.url, learn, known, ended);
  else if (!ended.aborted) {
    await askForNews(source.url, learn, known, ended);
    learn(() => ({ pulse: "ended" }));
  }
}

async function askForAll(url: string, learn: Learn, known: () => Followed, ended: AbortSignal): Promise<void> {
  const levels = attempt<Lanes>(`${url}/lanes?points=${POINTS}&columns=`, "lanes", learn, ended, (lanes) => ({ lanes, isWhole: false }));
  const story = attempt<Story>(`${url}/story`, "story", learn, ended, (it) => ({ story: it }));
  const verdict = attempt<Verdict>(`${url}/verdict`, "verdict", learn, ended, (it) => ({ verdict: it }));
  await Promise.all([levels, story]);
  if (known().story === null) return;
  const lanes = `${url}/lanes?points=${POINTS}`;
  await attempt<Lanes>(lanes, "lanes", learn, ended, (it) => ({ lanes: it, isWhole: true }));
  await verdict;
}

async function attempt<T>(
  url: string,
  what: keyof Followed["trouble"],
  learn: Learn,
  ended: AbortSignal,
  as: (answer: T) => Partial<Followed>,
): Promise<void> {
  try {
    const answer = await ask<T>(url, ended);
    learn(({ trouble }) => ({ ...as(answer), trouble: { ...trouble, [what]: "" } }));
  } catch (error) {
    if (ended.aborted) return;
    const status = error instanceof Refused ? error.status : 0;
    if (status === 401 && !url.startsWith("/api/v1/shared/")) return reloadSoon();
    learn(({ trouble, refused }) => ({
      trouble: { ...trouble, [what]: inWords(error) },
      refused: what === "story" ? status : refused,
    }));
  }
}

async function keepAsking(
  url: string,
  learn: Learn,
  known: () => Followed,
  ended: AbortSignal,
  isEnough: () => boolean = () => isOverAndWhole(known()),
): Promise<void> {
  learn(() => ({ pulse: "asking again" }));
  while (!isEnough()) {
    await pause(ASKED_AGAIN_MS);
    await becomesVisible();
    if (ended.aborted) return;
    await askForNews(url, learn, known, ended);
  }
  if (isOverAndWhole(known())) learn(() => ({ pulse: "ended" }));
}

function isLacking({ lanes, story }: Followed): boolean {
  return (lanes?.lacking ?? "") !== "" || (story?.lacking ?? "") !== "";
}

function isOverAndWhole(followed: Followed): boolean {
  return followed.story !== null && isOver(followed.story) && !isLacking(followed);
}

/** Ask for everything anew, but only show it once it is whole: numbers should not vanish every ten seconds. */
async function askForNews(url: string, learn: Learn, known: () => Followed, ended: AbortSignal): Promise<void> {
  const { lanes } = known();
  const columns = lanes !== null && known().isWhole ? "" : "&columns=";
  await Promise.all([
    attempt<Lanes>(`${url}/lanes?points=${POINTS}${columns}`, "lanes", learn, ended, (it) => ({ lanes: it })),
    attempt<Story>(`${url}/story`, "story", learn, ended, (story) => ({ story })),
    attempt<Verdict>(`${url}/verdict`, "verdict", learn, ended, (verdict) => ({ verdict })),
  ]);
}

interface CallState {
  status: string;
  ended_at_ms: number | null;
  at_ms: number;
}

/** Listen until the call is over, or nobody streams it. */
function stream(url: string, learn: Learn, known: () => Followed, ended: AbortSignal): Promise<"over" | "refused"> {
  const { lanes, story } = known();
  if (lanes === null || story === null) return Promise.resolve("refused");
  const heard = lanes.lanes.flatMap(({ spans }) => spans.map(({ to_ms }) => to_ms));
  const since = Math.min(endOf(lanes), story.to_ms, Math.max(story.from_ms, ...heard)); // too early repeats, too late skips
  const events = new EventSource(`${url}/stream?step_ms=${lanes.step_ms}&since=${since}`);
  return new Promise((resolve) => {
    const finish = (how: "over" | "refused") => {
      events.close();
      resolve(how);
    };
    const on = <T,>(name: string, hear: (told: T) => void) =>
      events.addEventListener(name, (event) => hear(JSON.parse((event as MessageEvent<string>).data) as T));
    ended.addEventListener("abort", () => finish("over"));
    events.addEventListener("open", () => learn(() => ({ pulse: "live" })));
    events.addEventListener("error", () => {
      if (events.readyState === EventSource.CLOSED) finish("refused");
    });
    on<Lanes>("lanes", (news) => learn((before) => merged(before, news)));
    on<{ entries: Entry[]; missing: MissingInput[] }>("story", (news) => learn((before) => retold(before, news)));
    on<Verdict>("verdict", (verdict) => learn(() => ({ verdict })));
    on<CallState>("call", (state) => learn((before) => asOf(before, state)));
    on<{ why: string }>("end", ({ why }) => {
      if (why === "ended") finish("over");
    });
  });
}

function merged({ lanes }: Followed, news: Lanes): Partial<Followed> {
  return { lanes: lanes === null ? news : (withSteps(lanes, news) ?? lanes) };
}

function retold({ story }: Followed, { entries, missing }: { entries: Entry[]; missing: MissingInput[] }): Partial<Followed> {
  if (story === null) return {};
  return { story: { ...story, entries: withNews(story.entries, entries), missing: missing ?? story.missing } };
}

function asOf({ story }: Followed, { status, ended_at_ms }: CallState): Partial<Followed> {
  return story === null ? {} : { story: { ...story, status, ended_at_ms } };
}
