// What the built site is held to, in Chromium: `make audit`, or for a part of it
// `node tests/audit/audit.mjs [html|axe|lighthouse] [--runs 5] [path/ …]`.

import { look } from "./axe.mjs";
import { validate } from "./html.mjs";
import { weigh } from "./index-size.mjs";
import { measure } from "./lighthouse.mjs";
import { pages, serve } from "./site.mjs";

const PARTS = {
  html: ["The HTML of all pages against the standard", (_, wanted) => validate(wanted)],
  index: ["The search index", () => weigh()],
  axe: ["axe on all pages, light and dark, at 1280, 390 and 320 px", look],
  lighthouse: ["Lighthouse on the heaviest page of each kind, medians", measure],
};

function read(words) {
  const wanted = { parts: [], only: [], runs: 5 };
  const known = pages();
  while (words.length) {
    const word = words.shift();
    if (word === "--runs") wanted.runs = Number(words.shift());
    else if (word in PARTS) wanted.parts.push(word);
    else if (known.includes(word)) wanted.only.push(word);
    else throw new Error(`${word} is neither a part (${Object.keys(PARTS).join(", ")}) nor a page`);
  }
  if (!(wanted.runs >= 1)) throw new Error("--runs takes a number");
  if (!wanted.parts.length) wanted.parts = Object.keys(PARTS);
  if (!wanted.only.length) wanted.only = null;
  return wanted;
}

async function main() {
  const wanted = read(process.argv.slice(2));
  const server = await serve();
  const problems = [];
  try {
    for (const part of wanted.parts) {
      const [title, run] = PARTS[part];
      console.log(title);
      problems.push(...(await run(server.port, wanted)));
    }
  } finally {
    server.close();
  }
  for (const problem of problems) console.error(problem);
  console.log(problems.length ? `${problems.length} problems` : "Nothing to complain of");
  return problems.length ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
