// The way to what is older, page by page.

import { useLocation } from "preact-iso";
import { address } from "../picture/address.ts";

export function Paging({ next, after }: { next: string | null; after: string | undefined }) {
  const { path, query } = useLocation();
  if (next === null && !after) return null;
  return (
    <nav class="paging" aria-label="Pages of the list">
      {after && <a href={address(path, { ...query, after: "" })}>The latest</a>}
      {next !== null && <a href={address(path, { ...query, after: next })}>Older</a>}
    </nav>
  );
}
