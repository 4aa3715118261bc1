// The rooms as they are now, top to bottom in the order in which somebody who was just woken needs it.

import type { Picture } from "../api.ts";
import { useLive } from "../frame/live.ts";
import { missing } from "../picture/missing.ts";
import { Alerts } from "../view/alerts.tsx";
import { Compositions } from "../view/compositions.tsx";
import { Rooms } from "../view/rooms.tsx";
import { StatusStrip } from "../view/status-strip.tsx";

function Missing({ picture }: { picture: Picture }) {
  const gaps = missing(picture);
  if (gaps.length === 0) return null;
  return (
    <section class="missing" aria-label="What is not set up yet">
      {gaps.map(({ what, how }) => (
        <p key={what}>
          <strong>{what}.</strong> {how}
        </p>
      ))}
    </section>
  );
}

export function Wall() {
  const { picture } = useLive();
  if (picture === null) return <p class="loading">Asking for the rooms as they are now.</p>;
  return (
    <>
      <StatusStrip picture={picture} />
      <Missing picture={picture} />
      <Alerts picture={picture} />
      <Rooms picture={picture} />
      <Compositions picture={picture} />
    </>
  );
}
