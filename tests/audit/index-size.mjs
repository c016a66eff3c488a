// How much of the search index a reader loads with the first word that he looks for.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { SITE } from "./site.mjs";

const MOST = 150_000;

/** A line when the index is too heavy. */
export function weigh() {
  const text = readFileSync(join(SITE, "search", "search_index.json"));
  const bytes = gzipSync(text).length;
  console.log(`  ${Math.round(bytes / 1000)} kB compressed, ${JSON.parse(text).docs.length} entries`);
  return bytes > MOST ? [`search_index.json: ${bytes} bytes compressed, at most ${MOST}`] : [];
}
