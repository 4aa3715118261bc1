// Pure: what an address says of where one is.

/** What is not a page of ours, though at the same host: the browser goes there by itself. */
export const PAGES_SCOPE = /^\/(?!api\/|-\/|login|logout|metrics|sdk\/|shared\/)/;

/** Whether the entry at `href` stands for the page at `path`: `/rooms` does for `/rooms/RM1`, `/` for itself alone. */
export function standsFor(href: string, path: string): boolean {
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}
