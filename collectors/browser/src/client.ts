// What is told about the browser?  Its name and first version number, the kind of system, the kind of network.

import { browser } from "./world.ts";

const BROWSERS = [
  // The order matters: most of them claim to be Chrome and Safari, too.
  ["Edge", "Edg\\w*"],
  ["Firefox", "Firefox|FxiOS"],
  ["Chrome", "Chrome|CriOS"],
  ["Safari", "Version"],
];

export function browserOf(userAgent: string): string | undefined {
  for (const [name, marks] of BROWSERS) {
    const version = RegExp(`(?:${marks})/(\\d+)`).exec(userAgent);
    if (version) return `${name} ${version[1]}`;
  }
  return undefined;
}

export function osOf(userAgent: string): string | undefined {
  const name = /Android|iPhone|iPad|Windows|Mac|CrOS|Linux(?!; A)/.exec(userAgent)?.[0];
  return name?.replace(/iP.*/, "iOS").replace("Mac", "macOS");
}

export function client(): object {
  const { userAgent = "", connection } = browser;
  return {
    name: "roomwatch.js",
    version: VERSION,
    browser: browserOf(userAgent),
    os: osOf(userAgent),
    network: connection?.type ?? connection?.effectiveType,
  };
}

declare const VERSION: string; // build.mjs puts it in
