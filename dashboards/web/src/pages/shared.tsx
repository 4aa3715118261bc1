// A call that was shared: what a link without a login shows, and nothing around it that would ask for one.

import { useMemo } from "preact/hooks";
import { pointed } from "../call/address.ts";
import { clock } from "../call/axis.ts";
import { day } from "../call/words.ts";
import { useAnswer } from "../frame/asking.ts";
import type { PageProps } from "../frame/pages.tsx";
import { Call } from "../view/call/call.tsx";

function Until({ url }: { url: string }) {
  const { value } = useAnswer<{ expires_at_ms?: number }>(url);
  if (value?.expires_at_ms === undefined) return null;
  return (
    <p class="pulse soft">
      good until {day(value.expires_at_ms)}, {clock(value.expires_at_ms, 60_000)}
    </p>
  );
}

export function SharedCall({ params = {}, query = {} }: PageProps) {
  const token = params.token ?? "";
  const source = useMemo(() => ({ url: `/api/v1/shared/${token}`, isStreamed: false }), [token]);
  return (
    <>
      <header class="masthead">
        <div class="masthead-line">
          <h1>Roomwatch</h1>
          <p class="badge">shared: nobody is named</p>
          <Until url={source.url} />
        </div>
      </header>
      <main id="content">
        <Call source={source} path={`/shared/${token}`} asked={pointed(query)} isShared={true} />
      </main>
    </>
  );
}
