// The recordings that somebody still waits for, the most overdue first.

import type { Composition, Picture } from "../api.ts";
import { compositionAnchor } from "../picture/anchor.ts";
import { compositionsMostOverdueFirst, isOverdue } from "../picture/overdue.ts";
import { Duration } from "./time.tsx";
import { Unknown } from "./value.tsx";

function Progress({ composition }: { composition: Composition }) {
  const { percent_done, status } = composition;
  if (percent_done === null) return <>{status}</>;
  return (
    <>
      {status} <progress max={100} value={percent_done} aria-hidden="true" /> {Math.round(percent_done)} %
    </>
  );
}

function Due({ composition }: { composition: Composition }) {
  const { overdue_s } = composition;
  if (overdue_s === null) return <span class="unknown">no limit known</span>;
  if (!isOverdue(composition)) {
    return (
      <>
        due within <Duration seconds={-overdue_s} />
      </>
    );
  }
  return (
    <strong class="strained">
      overdue by <Duration seconds={overdue_s} />
    </strong>
  );
}

function CompositionRow({ composition }: { composition: Composition }) {
  const { composition_sid, room_name, room_sid, waited_s } = composition;
  return (
    <tr id={compositionAnchor(composition)} tabIndex={-1}>
      <th scope="row">
        {room_name ?? room_sid ?? "room unknown"}
        <code class="sid">{composition_sid}</code>
      </th>
      <td>
        <Progress composition={composition} />
      </td>
      <td class="number">{waited_s === null ? <Unknown /> : <Duration seconds={waited_s} />}</td>
      <td class="number">
        <Due composition={composition} />
      </td>
    </tr>
  );
}

export function Compositions({ picture }: { picture: Picture }) {
  const compositions = compositionsMostOverdueFirst(picture.compositions);
  return (
    <section id="compositions" class="compositions" aria-labelledby="compositions-heading">
      <div class="section-head">
        <h2 id="compositions-heading">Open compositions</h2>
      </div>
      {compositions.length === 0 ? (
        <p class="empty">Nobody waits for a composition.</p>
      ) : (
        <table aria-labelledby="compositions-heading">
          <thead>
            <tr>
              <th scope="col">Room</th>
              <th scope="col">Status</th>
              <th scope="col" class="number">
                Waited
              </th>
              <th scope="col" class="number">
                Due
              </th>
            </tr>
          </thead>
          <tbody>
            {compositions.map((composition) => (
              <CompositionRow key={composition.composition_sid} composition={composition} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
