// How do I look at the page without a daemon?  `npm run dev`, then http://127.0.0.1:8472/.
//
// Serves dist/ under the headers that the daemon sends, and test/live.json moved to the present moment.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const PORT = Number(process.env.PORT ?? 8472);
const TYPES = { css: "text/css", html: "text/html", js: "text/javascript" };
const CSP =
  "default-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
const LOGIN_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'";

async function picture() {
  const recorded = JSON.parse(await readFile(new URL("test/live.json", import.meta.url), "utf8"));
  const shift = Date.now() - recorded.now_ms;
  return JSON.stringify(recorded, (key, value) => (key.endsWith("_ms") && value > 1e12 ? value + shift : value));
}

async function answer(path) {
  if (path === "/api/v1/live") return { type: "application/json", body: await picture() };
  const name = path.includes(".") ? path.slice(1) : "index.html"; // a page's address has no dot
  if (!/^[\w.]+$/.test(name)) throw new Error(`expected a file of dist/, got ${path}`);
  const body = await readFile(new URL(`dist/${name}`, import.meta.url));
  return { type: TYPES[name.split(".").pop()], body, csp: name === "login.html" ? LOGIN_CSP : CSP };
}

createServer((request, response) => {
  answer(new URL(request.url, "http://127.0.0.1").pathname).then(
    ({ type, body, csp = CSP }) => response.writeHead(200, { "content-type": type, "content-security-policy": csp }).end(body),
    (error) => response.writeHead(404).end(String(error.message)),
  );
}).listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/`));
