// What does the daemon serve?  Everything in dist/, which this script makes from src/.
//
// The page is one script and one style sheet.  The login page is one document that asks for nothing else, because
// whoever sees it may not fetch anything yet.

import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const INSIDE = ["preact", "preact-iso"]; // their code is inside app.js, so their notices travel along

async function bundle() {
  await build({
    absWorkingDir: here("."),
    entryPoints: { app: "src/main.tsx" },
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
}

async function bundleStyles() {
  await build({
    absWorkingDir: here("."),
    entryPoints: { app: "src/styles/app.css" },
    outdir: "dist",
    bundle: true,
    minify: true,
    target: "es2022",
    logLevel: "warning",
  });
}

async function iconAsDataUri() {
  const svg = await readFile(here("src/icon.svg"), "utf8");
  return `data:image/svg+xml,${encodeURIComponent(svg.trim())}`;
}

async function writePage(name, icon) {
  const html = await readFile(here(`src/${name}`), "utf8");
  await writeFile(here(`dist/${name}`), html.replace("__ICON__", icon));
}

async function copyNotices() {
  const notices = await Promise.all(INSIDE.map((name) => readFile(here(`node_modules/${name}/LICENSE`), "utf8")));
  await writeFile(here("dist/app.js.LICENSE.txt"), INSIDE.map((name, i) => `${name}\n\n${notices[i]}`).join("\n\n"));
}

await rm(here("dist"), { recursive: true, force: true });
await mkdir(here("dist"));
const icon = await iconAsDataUri();
await Promise.all([
  bundle(),
  bundleStyles(),
  writePage("index.html", icon),
  writePage("login.html", icon),
  copyNotices(),
]);
