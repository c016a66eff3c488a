// The HTML of every page against the standard, but for what the theme is known to write.

import { readFileSync } from "node:fs";

import { FileSystemConfigLoader, HtmlValidate } from "html-validate";

import { file, pages } from "./site.mjs";

const RULES = {
  extends: ["html-validate:standard", "html-validate:document"],
  elements: ["html5"],
  rules: { "require-sri": ["error", { target: "crossorigin" }] },
};
// What Material writes: its hidden switches for drawer and search, and labels that are
// buttons to a keyboard.
const OF_THE_THEME = [
  ["valid-autocomplete", /^#__(?:drawer|search)$/],
  ["input-missing-label", /^#__(?:drawer|search|toc)$/],
  ["attribute-allowed-values", /label/],
];

/** What the validator finds, a line for each rule and page. */
export async function validate({ only }) {
  const validator = new HtmlValidate(new FileSystemConfigLoader({ root: true, ...RULES }));
  const problems = [];
  for (const path of pages().filter((path) => !only || only.includes(path))) {
    const report = await validator.validateString(readFileSync(file(path), "utf8"));
    const first = new Map();
    for (const message of report.results.flatMap(({ messages }) => messages)) {
      if (OF_THE_THEME.some(([rule, where]) => rule === message.ruleId && where.test(message.selector)))
        continue;
      const all = first.get(message.ruleId) ?? [];
      first.set(message.ruleId, [...all, message]);
    }
    for (const [rule, [{ line, column, message, selector }, ...more]] of first)
      problems.push(`/${path}:${line}:${column}: ${rule}, ${more.length + 1} x: ${message} (${selector})`);
  }
  return problems;
}
