// Lighthouse on the heaviest page of each kind, on a phone and on a desk: medians, and
// the weight of what was transferred.

import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

import { ADDRESS, chromium, switches, templates } from "./site.mjs";

// Scores are of 100, times in milliseconds, the weight in bytes.
const MOST = { lcp: 1800, blocking: 150, shift: 0.02, bytes: 220_000 };
const LEAST = {
  phone: { performance: 98, accessibility: 100, "best-practices": 100, seo: 100 },
  desk: { performance: 100, accessibility: 100, "best-practices": 100, seo: 100 },
};
// What a reader asks for himself, by the search field or a demo's button.
const ON_DEMAND = /\/(?:search|demos|assets\/onnxruntime)\//;

/** What is over its budget, a line each. */
export async function measure(port, { runs, only }) {
  const problems = [];
  const chrome = await launch({ chromePath: chromium(), chromeFlags: switches(port) });
  try {
    for (const path of templates().filter((path) => !only || only.includes(path))) {
      for (const form of ["phone", "desk"]) {
        const all = [];
        for (let run = 0; run < runs; run++) all.push(await once(path, form, chrome.port));
        const figures = medians(all);
        console.log(line(path, form, figures));
        problems.push(...over(path, form, figures, all.at(-1).failed));
      }
    }
  } finally {
    chrome.kill();
  }
  return problems;
}

async function once(path, form, port) {
  const config = form === "desk" ? desktopConfig : undefined;
  const flags = { port, logLevel: "silent", output: "json" };
  const { lhr } = await lighthouse(ADDRESS + path, flags, config);
  if (lhr.runtimeError) throw new Error(`/${path}: ${lhr.runtimeError.message}`);
  const figures = {};
  for (const [name, { score }] of Object.entries(lhr.categories)) figures[name] = score * 100;
  figures.lcp = lhr.audits["largest-contentful-paint"].numericValue;
  figures.blocking = lhr.audits["total-blocking-time"].numericValue;
  figures.shift = lhr.audits["cumulative-layout-shift"].numericValue;
  figures.bytes = lhr.audits["network-requests"].details.items
    .filter(({ url }) => !ON_DEMAND.test(url))
    .reduce((sum, { transferSize }) => sum + transferSize, 0);
  const failed = Object.values(lhr.categories)
    .filter(({ id }) => id !== "performance")
    .flatMap(({ auditRefs }) => auditRefs.map(({ id, weight }) => weight && lhr.audits[id]))
    .filter((audit) => audit && audit.score !== null && audit.score < 1)
    .map(({ id }) => id);
  return { figures, failed };
}

function medians(all) {
  const names = Object.keys(all[0].figures);
  const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return Object.fromEntries(
    names.map((name) => [name, middle(all.map(({ figures }) => figures[name]))]),
  );
}

function over(path, form, figures, failed) {
  const found = [];
  for (const [name, least] of Object.entries(LEAST[form]))
    if (figures[name] < least - 0.01)
      found.push(`${name} ${Math.round(figures[name])}, at least ${least} ${failed.join(" ")}`);
  for (const [name, most] of Object.entries(MOST)) {
    const held = form === "phone" || name !== "lcp"; // the budget is a phone's
    if (held && figures[name] > most) found.push(`${name} ${figures[name]}, at most ${most}`);
  }
  return found.map((text) => `/${path} (${form}): ${text}`);
}

function line(path, form, { performance, accessibility, seo, ...rest }) {
  const scores = [performance, accessibility, rest["best-practices"], seo].map(Math.round);
  const paint = `LCP ${(rest.lcp / 1000).toFixed(2)} s, blocking ${Math.round(rest.blocking)} ms`;
  const rest_ = `shift ${rest.shift.toFixed(3)}, ${Math.round(rest.bytes / 1000)} kB`;
  return `  ${scores.join(" / ")}  ${paint}, ${rest_}  /${path} (${form})`;
}
