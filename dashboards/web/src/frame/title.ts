// How does a page say what it shows, for the title of the window?

import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";

/** Tells the frame what the page calls itself; null: what the menu calls it. */
export const TitleContext = createContext<(name: string | null) => void>(() => {});

/** Have the title say what the page shows, for as long as it shows it. */
export function useOwnTitle(name: string | null): void {
  const tell = useContext(TitleContext);
  useEffect(() => {
    tell(name);
    return () => tell(null);
  }, [tell, name]);
}
