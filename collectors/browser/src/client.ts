// What is told about the browser?  Its name and first version number, the kind of system, the kind of network, and where
// its signaling enters Twilio's cloud.

import { browser } from "./world.ts";

// A browser names itself last, after those it claims to be; a system first.  `Linux; Android` is Android.
const BROWSER = /.*(Edg|Firefox|FxiOS|Chrome|CriOS|Version)\w*\/(\d+)/;
const SYSTEM = /Android|iPhone|iPad|Windows|Mac|CrOS|Linux(?!; A)/;
const NAMES: Readonly<Record<string, string>> = {
  Edg: "Edge",
  FxiOS: "Firefox",
  CriOS: "Chrome",
  Version: "Safari",
  iPhone: "iOS",
  iPad: "iOS",
  Mac: "macOS",
};

export function browserOf(userAgent: string): string | undefined {
  const [, mark, version] = BROWSER.exec(userAgent) ?? [];
  return mark && `${NAMES[mark] ?? mark} ${version}`;
}

export function osOf(userAgent: string): string | undefined {
  const [mark] = SYSTEM.exec(userAgent) ?? [];
  return mark && (NAMES[mark] ?? mark);
}

export function client(edge?: string): object {
  const { userAgent = "", connection } = browser;
  return {
    name: "roomwatch.js",
    version: VERSION,
    browser: browserOf(userAgent),
    os: osOf(userAgent),
    network: connection?.type ?? connection?.effectiveType,
    edge,
  };
}

declare const VERSION: string; // build.mjs puts it in
