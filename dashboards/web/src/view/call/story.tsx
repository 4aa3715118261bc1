// What happened, as dated sentences: the same as on the axis, for whoever reads or listens instead of looking.

import { useState } from "preact/hooks";
import { clock } from "../../call/axis.ts";
import { isTrouble, wordsOf } from "../../call/marks.ts";
import type { Entry, Lane } from "../../call/shapes.ts";
import { counts, everything, GROUPS, type Wanted, wantedEntries } from "../../call/story.ts";
import { nameOf } from "../../call/words.ts";
import { plural } from "../../picture/quantity.ts";

const PAGE = 100;

interface StoryProps {
  entries: readonly Entry[];
  people: readonly Lane[];
  isCut: boolean;
  onPoint: (entry: Entry) => void;
}

function Filters({ wanted, people, entries, onWanted }: { wanted: Wanted; people: readonly Lane[]; entries: readonly Entry[]; onWanted: (wanted: Wanted) => void }) {
  const found = counts(entries);
  const toggled = (id: string) => {
    const groups = new Set(wanted.groups);
    if (!groups.delete(id)) groups.add(id);
    return groups;
  };
  return (
    <div class="filters" role="group" aria-label="What is listed">
      <label>
        <span class="soft">of</span>{" "}
        <select value={wanted.key} onChange={(event) => onWanted({ ...wanted, key: event.currentTarget.value })}>
          <option value="">everybody</option>
          {people.map((lane) => (
            <option key={lane.key} value={lane.key}>
              {nameOf(lane)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input type="checkbox" checked={wanted.isTroubleOnly} onChange={(event) => onWanted({ ...wanted, isTroubleOnly: event.currentTarget.checked })} />{" "}
        only trouble
      </label>
      {GROUPS.filter(({ id }) => found.has(id)).map(({ id, name }) => (
        <label key={id}>
          <input type="checkbox" checked={wanted.groups.has(id)} onChange={() => onWanted({ ...wanted, groups: toggled(id) })} /> {name}{" "}
          <span class="soft">{found.get(id)}</span>
        </label>
      ))}
    </div>
  );
}

function Sentence({ entry, onPoint }: { entry: Entry; onPoint: StoryProps["onPoint"] }) {
  const { at_ms, remedy, text, alert, source } = entry;
  return (
    <li class={isTrouble(entry) ? "sentence-row is-trouble" : "sentence-row"}>
      <button type="button" class="plain" onClick={() => onPoint(entry)} title="Show this moment">
        <time dateTime={new Date(at_ms).toISOString()}>{clock(at_ms)}</time>
      </button>
      <div>
        {wordsOf(entry)}
        {text && <q>{text}</q>}
        {alert?.incident && (
          <>
            {" "}
            <a href={`/incidents/${encodeURIComponent(alert.incident)}`}>The incident</a>
          </>
        )}
        {remedy && <p class="soft">{remedy}</p>}
      </div>
      <span class="soft source">{source}</span>
    </li>
  );
}

export function StorySection({ entries, people, isCut, onPoint }: StoryProps) {
  const [wanted, setWanted] = useState(everything);
  const [shown, setShown] = useState(PAGE);
  const found = wantedEntries(entries, wanted);
  const more = found.length - shown;
  return (
    <section class="story" id="story" aria-labelledby="story-heading" tabIndex={-1}>
      <div class="section-head">
        <h2 id="story-heading">What happened</h2>
        <span class="soft" role="status">
          {plural(found.length, "entry", "entries")}
        </span>
      </div>
      <Filters wanted={wanted} people={people} entries={entries} onWanted={setWanted} />
      {isCut && <p class="note">More happened than is listed here; the evidence has all of it.</p>}
      {found.length === 0 && <p class="empty">{entries.length === 0 ? "Nothing is on record of what happened." : "Nothing of that kind happened."}</p>}
      <ol>
        {found.slice(0, shown).map((entry) => (
          <Sentence key={entry.id} entry={entry} onPoint={onPoint} />
        ))}
      </ol>
      {more > 0 && (
        <button type="button" onClick={() => setShown(shown + PAGE)}>
          {plural(Math.min(PAGE, more), "more", "more")} of {more}
        </button>
      )}
    </section>
  );
}
