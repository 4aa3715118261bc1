// How is a value of the configuration written, and which of them did somebody choose?

import type { Setting, SettingsTable } from "../answers.ts";

/** Write a value as the configuration file has it; what is not set is said in words. */
export function written({ value, is_secret }: Setting): string {
  if (value === null) return is_secret ? "not set" : "none";
  return is_secret ? "set, not shown" : asToml(value);
}

function asToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asToml).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value).filter(([, each]) => each !== null).map(([key, each]) => `${key} = ${asToml(each)}`).join(", ")} }`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Write what a key has unless it is given; empty where it has to be given. */
export function defaultWritten(setting: Setting): string {
  return setting.default === null ? "" : asToml(setting.default);
}

/** Return the tables with what somebody chose, without those of which all is as shipped. */
export function chosen(tables: readonly SettingsTable[]): SettingsTable[] {
  return tables
    .map((table) => ({ ...table, settings: table.settings.filter(({ is_default }) => !is_default) }))
    .filter(({ settings }) => settings.length > 0);
}
