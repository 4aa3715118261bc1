// How is this daemon configured, what of that did somebody choose, and does the file still say the same?

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { NamedShown, RouteShown, RuleShown, Setting, Settings as SettingsAnswer, SettingsTable } from "../answers.ts";
import { Answered } from "../frame/answer.tsx";
import { useAnswer } from "../frame/asking.ts";
import { useLive } from "../frame/live.ts";
import { runbookAddress } from "../picture/address.ts";
import { duration } from "../picture/duration.ts";
import { plural } from "../picture/quantity.ts";
import { chosen, defaultWritten, written } from "../picture/settings.ts";
import { when } from "../picture/when.ts";
import { Facts } from "../view/facts.tsx";
import { type Column, Records } from "../view/records.tsx";
import { Age } from "../view/time.tsx";

const REFRESH_MS = 30_000;

function Moment({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  return (
    <>
      {when(atMs, nowMs)} <span class="unit">(<Age atMs={atMs} nowMs={nowMs} /> ago)</span>
    </>
  );
}

function About({ settings, nowMs }: { settings: SettingsAnswer; nowMs: number }) {
  const { version, started_at_ms, loaded_at_ms, reload_error } = settings;
  const isReloaded = loaded_at_ms - started_at_ms > 60_000;
  return (
    <Facts
      label="This daemon"
      facts={[
        { name: "Version", value: version },
        { name: "Started", value: <Moment atMs={started_at_ms} nowMs={nowMs} /> },
        {
          name: "Configuration read",
          value: <Moment atMs={loaded_at_ms} nowMs={nowMs} />,
          note:
            reload_error === "" ? (
              isReloaded ? "by a reload, which was right" : "at the start; SIGHUP or POST /-/reload reads it again"
            ) : (
              <strong class="strained">the last reload was refused</strong>
            ),
        },
        {
          name: "API",
          value: <a href="/api/v1/openapi.json">OpenAPI document</a>,
          note: "everything these pages show, for scripts",
        },
      ]}
    />
  );
}

function Concerns({ settings }: { settings: SettingsAnswer }) {
  const { reload_error, waits_for_restart, warnings } = settings;
  return (
    <>
      {reload_error !== "" && (
        <div class="trouble" role="alert">
          <strong>The last reload changed nothing, because the configuration is wrong:</strong>
          <ul>
            {reload_error.split("\n").map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      {waits_for_restart.length > 0 && (
        <p class="notice">
          <strong>Changed in the file, and read at the start only:</strong> {waits_for_restart.join(", ")}. Restart to go by it.
        </p>
      )}
      {warnings.length > 0 && (
        <section class="warnings" aria-labelledby="warnings-heading">
          <div class="section-head">
            <h2 id="warnings-heading">Allowed, and probably not meant</h2>
          </div>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const SETTING_COLUMNS: [Column<Setting>, ...Column<Setting>[]] = [
  { name: "Key", of: ({ key }) => <code>{key}</code> },
  {
    name: "Value",
    of: (setting) => <code class={setting.is_default ? "value" : "value is-chosen"}>{written(setting)}</code>,
    as: "long",
  },
  {
    name: "Default",
    of: (setting) => {
      if (setting.is_default) return <span class="unknown">as shipped</span>;
      const shipped = defaultWritten(setting);
      return shipped === "" ? <span class="unknown">has none</span> : <code>{shipped}</code>;
    },
    as: "long",
  },
];

function Table({ table }: { table: SettingsTable }) {
  const id = `table-${table.name.replace(/\W+/g, "-")}`;
  return (
    <section class="settings-table" aria-labelledby={id}>
      <div class="section-head">
        <h3 id={id}>[{table.name}]</h3>
        <span class="order">{table.changes_at === "reload" ? "changes with a reload" : "changes with a restart"}</span>
      </div>
      <Records labelledBy={id} columns={SETTING_COLUMNS} records={table.settings} keyOf={({ key }) => key} />
    </section>
  );
}

function Tables({ tables }: { tables: readonly SettingsTable[] }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? tables : chosen(tables);
  return (
    <section class="settings-tables" aria-labelledby="tables-heading">
      <div class="section-head">
        <h2 id="tables-heading">Configuration</h2>
        <label class="check">
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} /> Also what is as
          shipped
        </label>
      </div>
      {shown.length === 0 && <p class="empty">Everything is as shipped.</p>}
      {shown.map((table) => (
        <Table key={table.name} table={table} />
      ))}
    </section>
  );
}

const RULE_COLUMNS: [Column<RuleShown>, ...Column<RuleShown>[]] = [
  {
    name: "Rule",
    of: ({ name, runbook_url }) => {
      const href = runbookAddress(runbook_url);
      return href === null ? name : <a href={href}>{name}</a>;
    },
  },
  { name: "Severity", of: ({ severity, over }) => `${severity}, over ${over}` },
  {
    name: "Fires when",
    of: ({ raise_when, hold_for_s }) => (
      <>
        <code>{raise_when}</code>
        {hold_for_s > 0 && ` for ${duration(hold_for_s)}`}
      </>
    ),
    as: "long",
  },
  { name: "Is over when", of: ({ clear_when }) => <code>{clear_when}</code>, as: "long" },
  { name: "From", of: ({ is_shipped }) => (is_shipped ? <span class="unknown">as shipped</span> : <strong>the file</strong>) },
];

const NAMED_COLUMNS: [Column<NamedShown>, ...Column<NamedShown>[]] = [
  { name: "Name", of: ({ name }) => name },
  { name: "What", of: ({ words }) => words, as: "long" },
];

function Route({ route }: { route: RouteShown }) {
  const { depth, matchers, receivers, continues } = route;
  return (
    <li class={`depth-${Math.min(depth, 4)}`}>
      <code>{matchers}</code> <span class="unit">tells</span>{" "}
      {receivers.length === 0 ? <span class="unknown">nobody</span> : receivers.join(", ")}
      {continues && <span class="unit"> and the next route is asked, too</span>}
    </li>
  );
}

interface FoldProps {
  name: string;
  count: string;
  children: ComponentChildren;
}

function Fold({ name, count, children }: FoldProps) {
  return (
    <details class="fold">
      <summary>
        <h2>{name}</h2> <span class="order">{count}</span>
      </summary>
      {children}
    </details>
  );
}

function Built({ configuration }: Pick<SettingsAnswer, "configuration">) {
  const { rules, receivers, routes, objectives, inhibitions, time_windows } = configuration;
  const own = rules.filter(({ is_shipped }) => !is_shipped).length;
  return (
    <>
      <Fold name="Rules" count={`${rules.length}, ${own === 0 ? "all as shipped" : `${own} from the file`}`}>
        <Records label="Rules" columns={RULE_COLUMNS} records={rules} keyOf={({ name }) => name} />
      </Fold>
      <Fold name="Receivers and routes" count={receivers.length === 0 ? "nobody is told" : plural(receivers.length, "receiver")}>
        {receivers.length > 0 && (
          <Records label="Receivers" columns={NAMED_COLUMNS} records={receivers} keyOf={({ name }) => name} />
        )}
        <ul class="route-tree" aria-label="Routes, from the root">
          {routes.map((route, place) => (
            <Route key={place} route={route} />
          ))}
        </ul>
      </Fold>
      <Fold name="Objectives" count={String(objectives.length)}>
        <Records label="Objectives" columns={NAMED_COLUMNS} records={objectives} keyOf={({ name }) => name} />
      </Fold>
      <Fold name="Inhibitions" count={String(inhibitions.length)}>
        <Records label="Inhibitions" columns={NAMED_COLUMNS} records={inhibitions} keyOf={({ name }) => name} />
      </Fold>
      {time_windows.length > 0 && (
        <Fold name="Time windows" count={String(time_windows.length)}>
          <p>{time_windows.join(", ")}</p>
        </Fold>
      )}
    </>
  );
}

export function Settings() {
  const answer = useAnswer<SettingsAnswer>("/api/v1/settings", { everyMs: REFRESH_MS });
  const nowMs = useLive().picture?.now_ms ?? Date.now();
  return (
    <section class="page settings" aria-labelledby="settings-heading">
      <div class="section-head">
        <h2 id="settings-heading">Settings</h2>
        <span class="order">as loaded; nothing here can be changed, and no secret is shown</span>
      </div>
      <Answered answer={answer} what="the settings">
        {(settings) => (
          <>
            <About settings={settings} nowMs={nowMs} />
            <Concerns settings={settings} />
            <Tables tables={settings.configuration.tables} />
            <Built configuration={settings.configuration} />
          </>
        )}
      </Answered>
    </section>
  );
}
