// What is around every page: who we are, where one can go, and the page itself.

import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { Masthead } from "../view/masthead.tsx";
import { useAnswer } from "./asking.ts";
import { type Live, LiveContext } from "./live.ts";
import { PAGES } from "./pages.tsx";
import { PAGES_SCOPE, standsFor } from "./place.ts";
import { type Session, SessionContext } from "./session.ts";
import { TitleContext } from "./title.ts";

function Nowhere() {
  return (
    <section class="nowhere">
      <h2>There is no such page</h2>
      <p>
        <a href="/">The rooms that are live</a>
      </p>
    </section>
  );
}

/** Return the title of the window. */
function titleOf(path: string, own: string | null, firing: number): string {
  const name = own ?? PAGES.find(({ path: href }) => href !== "/" && standsFor(href, path))?.name;
  const title = name === undefined ? "Roomwatch" : `${name} · Roomwatch`;
  return firing === 0 ? title : `(${firing}) ${title}`;
}

/** Keep the title of the window; return how a page says what it shows. */
function useTitle(firing: number): (name: string | null) => void {
  const { path } = useLocation();
  const [own, setOwn] = useState<string | null>(null);
  useEffect(() => {
    document.title = titleOf(path, own, firing);
  }, [path, own, firing]);
  return setOwn;
}

/** A page that one comes to by a link begins where the link says, else at its top; and is where the keyboard is. */
function onArrival(): void {
  const meant = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  if (meant === null) scrollTo(0, 0);
  else meant.scrollIntoView();
  (meant ?? document.getElementById("content"))?.focus({ preventScroll: true });
}

function Inside({ live }: { live: Live }) {
  const { picture, lost, news } = live;
  const setTitle = useTitle(picture?.alerts.filter(({ state }) => state === "firing").length ?? 0);
  return (
    <>
      <a class="skip" href="#content">
        To the page
      </a>
      <Masthead picture={picture} lost={lost} />
      <p class="aloud" role="log" aria-live="polite">
        {news}
      </p>
      <main id="content" tabIndex={-1}>
        <TitleContext.Provider value={setTitle}>
          <Router onRouteChange={onArrival}>
            {PAGES.map(({ path, page }) => (
              <Route key={path} path={path} component={page} />
            ))}
            <Route default component={Nowhere} />
          </Router>
        </TitleContext.Provider>
      </main>
      {picture !== null && <footer>Roomwatch {picture.version}</footer>}
    </>
  );
}

export function Frame({ live }: { live: Live }) {
  const session = useAnswer<Session>("/api/v1/session");
  return (
    <LocationProvider scope={PAGES_SCOPE}>
      <SessionContext.Provider value={session.value}>
        <LiveContext.Provider value={live}>
          <Inside live={live} />
        </LiveContext.Provider>
      </SessionContext.Provider>
    </LocationProvider>
  );
}
