// The live picture, asked for once for the whole frame: the masthead counts in it whatever page is open.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Picture } from "../api.ts";

export interface Live {
  picture: Picture | null;
  /** Whether the daemon has stopped answering since. */
  lost: boolean;
  /** What has changed, for those who listen. */
  news: string;
}

export const LiveContext = createContext<Live>({ picture: null, lost: false, news: "" });

/** Return the picture as it was last heard. */
export function useLive(): Live {
  return useContext(LiveContext);
}
