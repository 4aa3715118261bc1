// What does an application get?

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const MAX_BYTES = 4_096;
const dist = (name) => new URL(`../../dist/${name}`, import.meta.url); // seen from build/test

for (const name of ["roomwatch.js", "roomwatch.mjs"]) {
  test(`${name} is at most ${MAX_BYTES} bytes when packed`, async () => {
    const { length } = gzipSync(await readFile(dist(name)), { level: 9 });
    assert.ok(length <= MAX_BYTES, `${length}`);
  });
}

test("the module has watch, and nothing else", async () => {
  assert.deepEqual(Object.keys(await import(dist("roomwatch.mjs"))), ["watch"]);
});

test("the script leaves one global behind", async () => {
  const before = new Set(Object.getOwnPropertyNames(globalThis));
  (0, eval)(await readFile(dist("roomwatch.js"), "utf8"));
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name)), ["roomwatch"]);
});

test("what is installed depends on nothing, and brings its types", async () => {
  const manifest = JSON.parse(await readFile(dist("package.json"), "utf8"));
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined]);
  const { types, default: module } = manifest.exports["."];
  assert.ok((await readFile(dist(types), "utf8")).includes("export function watch"));
  assert.ok((await readFile(dist(module), "utf8")).length);
});
