// The built site as a plain host serves it (gzip, ten minutes in the cache), and its pages.

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const SITE = join(ROOT, "site");
// The address that the site was built for; a rule of the browser finds our port behind it.
export const ADDRESS = "http://localhost/";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};
const PACKED = /^(?:text|image\/svg|application\/(?:json|xml|wasm))/;

/** Serves site/ on a free port; `close` ends it. */
export async function serve() {
  if (!existsSync(join(SITE, "index.html"))) throw new Error("there is no site/; run make site");
  const packed = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, ADDRESS).pathname);
    let file = normalize(join(SITE, path));
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    const found = file.startsWith(SITE) && existsSync(file);
    if (!found) file = join(SITE, "404.html");
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const headers = { "content-type": type, "cache-control": "max-age=600" };
    let body = packed.get(file) ?? readFileSync(file);
    if (PACKED.test(type)) {
      if (!packed.has(file)) packed.set(file, (body = gzipSync(body)));
      headers["content-encoding"] = "gzip";
    }
    response.writeHead(found ? 200 : 404, { ...headers, "content-length": body.length });
    response.end(body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { port: server.address().port, close: () => server.close() };
}

/** Chromium's path: CHROMIUM, or the first that the machine has. */
export function chromium() {
  const folders = (process.env.PATH ?? "").split(":");
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const all = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = process.env.CHROMIUM ?? all.find(existsSync);
  if (!found) throw new Error("Chromium was not found: apt-get install chromium, or set CHROMIUM");
  return found;
}

/** What Chromium is started with, so that it finds the site behind its address. */
export function switches(port) {
  return [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    `--host-resolver-rules=MAP localhost:80 127.0.0.1:${port}`,
  ];
}

/** The paths of all pages, such as "" and "timeline/", by the site map, and the 404 page. */
export function pages() {
  const map = readFileSync(join(SITE, "sitemap.xml"), "utf8");
  const found = [...map.matchAll(/<loc>([^<]*)<\/loc>/g)].map(([, url]) => url);
  return [...found.map((url) => new URL(url).pathname.slice(1)), "404.html"].sort();
}

/** The file of a page. */
export function file(path) {
  return join(SITE, path.endsWith(".html") ? path : `${path}index.html`);
}

/** The heaviest page of each kind: of each first part of the path. */
export function templates() {
  const best = new Map();
  for (const path of pages()) {
    const kind = path.split("/")[0];
    const bytes = gzipSync(readFileSync(file(path))).length;
    if (bytes > (best.get(kind)?.bytes ?? 0)) best.set(kind, { path, bytes });
  }
  return [...best.values()].map(({ path }) => path);
}
