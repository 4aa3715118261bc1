// Which pages are there, at which address, and by which name?
//
// `monitor/http/pages.py` serves the same addresses; a test compares them.

import type { ComponentType } from "preact";
import { BlindSpots } from "../pages/blind-spots.tsx";
import { CallPage } from "../pages/call.tsx";
import { Calls } from "../pages/calls.tsx";
import { Explain } from "../pages/explain.tsx";
import { IncidentPage } from "../pages/incident.tsx";
import { Incidents } from "../pages/incidents.tsx";
import { Media } from "../pages/media.tsx";
import { Notifications } from "../pages/notifications.tsx";
import { Settings } from "../pages/settings.tsx";
import { SharedCall } from "../pages/shared.tsx";
import { SilencesPage } from "../pages/silences.tsx";
import { Sources } from "../pages/sources.tsx";
import { Wall } from "../pages/wall.tsx";

/** What preact-iso hands to a page: the parts of the path, and what stands after the question mark. */
export interface PageProps {
  params?: Record<string, string>;
  query?: Record<string, string>;
}

export interface PageEntry {
  /** As preact-iso reads it: `/rooms/:room`. */
  path: string;
  /** The word in the title of the window, and in the menu. */
  name: string;
  /** Whether the menu shows it. */
  inMenu: boolean;
  page: ComponentType<PageProps>;
}

export const PAGES: readonly PageEntry[] = [
  { path: "/", name: "Live", inMenu: true, page: Wall },
  { path: "/rooms", name: "Calls", inMenu: true, page: Calls },
  { path: "/rooms/:room", name: "Call", inMenu: false, page: CallPage },
  { path: "/incidents", name: "Incidents", inMenu: true, page: Incidents },
  { path: "/incidents/:incident", name: "Incident", inMenu: false, page: IncidentPage },
  { path: "/silences", name: "Silences", inMenu: true, page: SilencesPage },
  { path: "/notifications", name: "Notifications", inMenu: true, page: Notifications },
  { path: "/explain", name: "Explain", inMenu: false, page: Explain },
  { path: "/media", name: "Media", inMenu: true, page: Media },
  { path: "/sources", name: "Sources", inMenu: true, page: Sources },
  { path: "/blind-spots", name: "Blind spots", inMenu: true, page: BlindSpots },
  { path: "/settings", name: "Settings", inMenu: true, page: Settings },
  { path: "/shared/:token", name: "Shared call", inMenu: false, page: SharedCall },
];
