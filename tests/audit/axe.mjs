// axe on every page, in light and dark, at three widths, with all that folds opened.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import puppeteer from "puppeteer-core";

import { ADDRESS, chromium, pages, switches } from "./site.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [1280, 390, 320];
const SCHEMES = ["light", "dark"];

/** What axe finds, a line each. */
export async function look(port, { only }) {
  const problems = [];
  const browser = await puppeteer.launch({ executablePath: chromium(), args: switches(port) });
  try {
    const wanted = pages().filter((path) => !only || only.includes(path));
    for (const [index, path] of wanted.entries()) {
      for (const scheme of SCHEMES) problems.push(...(await visit(browser, path, scheme)));
      process.stdout.write(`\r  ${index + 1} of ${wanted.length} pages `);
    }
    process.stdout.write("\n");
  } finally {
    await browser.close();
  }
  return problems;
}

async function visit(browser, path, scheme) {
  const page = await browser.newPage();
  const found = [];
  try {
    await page.setBypassCSP(true); // for axe itself
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 900 });
      if (width === WIDTHS[0]) {
        await page.goto(ADDRESS + path, { waitUntil: "load" });
        await page.evaluate(openAll);
        await page.evaluate(AXE);
      }
      await page.evaluate(() => new Promise((done) => setTimeout(done, 500))); // what moves ends
      const violations = await page.evaluate(async () => (await axe.run()).violations);
      for (const { id, nodes } of violations) {
        const [{ html, failureSummary }] = nodes;
        const why = failureSummary.split("\n").at(-1).trim();
        found.push(`/${path} (${width} px, ${scheme}): ${id}, ${nodes.length} x: ${html.slice(0, 90)} ${why}`);
      }
    }
  } finally {
    await page.close();
  }
  return found;
}

function openAll() {
  for (const part of document.querySelectorAll("article details")) part.open = true;
}
