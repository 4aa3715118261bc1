// The one page, top to bottom in the order in which somebody who was just woken needs it.

import type { Picture } from "../api.ts";
import { missing } from "../picture/missing.ts";
import { Alerts } from "./alerts.tsx";
import { Compositions } from "./compositions.tsx";
import { Masthead } from "./masthead.tsx";
import { Rooms } from "./rooms.tsx";
import { StatusStrip } from "./status-strip.tsx";

interface PageProps {
  picture: Picture | null;
  lost: boolean;
  news: string;
}

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

function Body({ picture }: { picture: Picture }) {
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

export function Page({ picture, lost, news }: PageProps) {
  return (
    <>
      <Masthead picture={picture} lost={lost} />
      <p class="aloud" role="log" aria-live="polite">
        {news}
      </p>
      <main>{picture === null ? <p class="loading">Asking for the rooms as they are now.</p> : <Body picture={picture} />}</main>
      {picture !== null && <footer>Roomwatch {picture.version}</footer>}
    </>
  );
}
