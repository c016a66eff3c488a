// What is fetched only when it is unfolded: the code of both, and their diagrams.
import { choose, chosen } from "./address.js";
import { difference, shortened } from "./difference.js";
import { make } from "./facts.js";

const KINDS = { " ": "diff-same", "-": "diff-del", "+": "diff-ins", "@": "diff-at" };

const text = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} for ${address}`);
  return answer.text();
};

/** A fold that is filled when it is opened first; the address keeps that it is open. */
const fold = (name, title, fill) => {
  const place = make("div");
  const details = make("details", {}, make("summary", {}, title), place);
  const open = async () => {
    choose({ [name]: details.open ? "shown" : "" });
    if (!details.open || place.childNodes.length) return;
    place.textContent = "Loading …";
    try {
      place.replaceChildren(...(await fill()));
    } catch (error) {
      place.textContent = `This could not be loaded: ${error.message}.`;
    }
  };
  details.open = chosen(name) === "shown";
  details.addEventListener("toggle", open);
  return details;
};

/** The two files as a difference of lines. */
export const sources = (files, root) => {
  const names = files.map((file) => `${file.name.split("/")[1]}.py`);
  return fold("code", `The code: ${names[0]} against ${names[1]}`, async () => {
    const [one, two] = await Promise.all(files.map((file) => text(root + file.address)));
    const lines = difference(one, two);
    const count = (kind) => lines.filter(([each]) => each === kind).length;
    const caption = `− ${count("-")} lines only in ${names[0]}, + ${count("+")} only in ${names[1]}; ${count(" ")} in both`;
    const body = make("code", { tabindex: "0" });
    for (const [kind, line] of shortened(lines)) {
      const said = kind === "@" ? `… ${line} lines that both have` : `${kind} ${line}`;
      body.append(make("span", { class: KINDS[kind] }, `${said}\n`));
    }
    return [make("figure", { class: "diff" }, make("figcaption", {}, caption), make("pre", {}, body))];
  });
};

/** The first diagram of a page, its links leading there and its ids its own. */
const diagram = async (address, side) => {
  const page = new DOMParser().parseFromString(await text(address), "text/html");
  const found = page.querySelector("#architecture-diagram ~ * figure.diagram, #architecture-diagram ~ figure.diagram");
  if (!found) return make("p", {}, "This page has no diagram.");
  const figure = document.importNode(found, true);
  for (const part of figure.querySelectorAll("[id], [aria-describedby], a")) {
    for (const name of ["id", "aria-describedby"]) {
      if (part.hasAttribute(name)) part.setAttribute(name, `${side}-${part.getAttribute(name)}`);
    }
    for (const name of ["href", "xlink:href"]) {
      const there = part.getAttribute(name);
      if (there) part.setAttribute(name, new URL(there, address).href);
    }
  }
  const note = figure.querySelector(".diagram-note");
  if (note) note.hidden = false;
  return figure;
};

/** Both diagrams, taken from the pages. */
export const diagrams = (pair, root) =>
  fold("diagrams", "The diagrams of both", async () => {
    const sheets = pair.map((one, at) => diagram(root + one.page, at ? "two" : "one"));
    return [make("div", { class: "pair-diagrams" }, ...(await Promise.all(sheets)))];
  });
