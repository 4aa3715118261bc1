// What does the daemon serve, and what does an application install?  Everything in dist/, which this script makes.
//
//     roomwatch.js      for a script tag: a global `roomwatch` with `watch`
//     roomwatch.mjs     the same as a module, roomwatch.d.mts its types
//     package.json      so that `npm install PATH/dist` works; it depends on nothing
//
// With `--tests`, the tests are bundled into build/test/ instead, together with the sources that they look into.

import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const manifest = JSON.parse(await readFile(here("package.json"), "utf8"));
const common = {
  absWorkingDir: here("."),
  bundle: true,
  define: { VERSION: JSON.stringify(manifest.version) },
  legalComments: "none",
  logLevel: "warning",
};

// Properties that nobody but us sees: no browser, no daemon, no application, no page that comes after a reload.  None of
// them may be spoken of by a string; that would keep its length.
const OURS = /^(after|atMs|close|fetch|onLeave|posts|queue|remove|retryAfter|save|seal|storage|take|tell|underWay)$/;

async function bundle(outfile, contents, format) {
  const stdin = { contents, resolveDir: here("src") };
  await build({ ...common, stdin, outfile, format, minify: true, mangleProps: OURS, target: "es2022" });
}

async function bundleTests() {
  const tests = (await readdir(here("test"))).filter((name) => name.endsWith(".test.js"));
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: "build/test",
    platform: "node",
    format: "esm",
    packages: "external",
  });
}

const published = {
  name: "roomwatch",
  version: manifest.version,
  description: manifest.description,
  license: manifest.license,
  type: "module",
  main: "./roomwatch.mjs",
  types: "./roomwatch.d.mts",
  exports: { ".": { types: "./roomwatch.d.mts", default: "./roomwatch.mjs" } },
  sideEffects: false,
};

async function buildAll() {
  await rm(here("dist"), { recursive: true, force: true });
  await mkdir(here("dist"));
  await Promise.all([
    bundle("dist/roomwatch.js", 'import { watch } from "./roomwatch.ts"; globalThis.roomwatch = { watch }', "iife"),
    bundle("dist/roomwatch.mjs", 'export { watch } from "./roomwatch.ts"', "esm"),
    copyFile(here("src/api.d.ts"), here("dist/roomwatch.d.mts")),
    writeFile(here("dist/package.json"), JSON.stringify(published, null, 2) + "\n"),
  ]);
}

await (process.argv.includes("--tests") ? bundleTests() : buildAll());
