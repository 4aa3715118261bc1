// Where one can go, and where one is.

import { useLocation } from "preact-iso";
import { useEffect, useRef } from "preact/hooks";
import { PAGES } from "./pages.tsx";
import { standsFor } from "./place.ts";
import { Visitor } from "./visitor.tsx";

/** On a phone the menu is wider than the window: what stands for the page that is open is moved into it. */
function useCurrentInSight(path: string) {
  const menu = useRef<HTMLElement>(null);
  useEffect(() => {
    menu.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path]);
  return menu;
}

export function Menu() {
  const { path } = useLocation();
  const menu = useCurrentInSight(path);
  return (
    <div class="menu">
      <nav aria-label="Pages" ref={menu}>
        <ul>
          {PAGES.filter(({ inMenu }) => inMenu).map(({ path: href, name }) => (
            <li key={href}>
              <a href={href} aria-current={href === path ? "page" : standsFor(href, path) ? "true" : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Visitor />
    </div>
  );
}
