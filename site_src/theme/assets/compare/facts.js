// The rows of a comparison: what each says of an architecture or of one of its files.

export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const code = (text) => make("code", {}, text);
const list = (texts) => make("ul", {}, ...texts.map((text) => make("li", {}, text)));
const lines = (parts) => parts.flatMap((part, at) => (at ? [make("br"), part] : [part]));
const yes = (value) => (value ? "yes" : "no");
const speed = (one) => {
  if (!one.against) return "measured beside nothing of another package";
  const origin = one.origin === "this build" ? "" : ` (${one.origin})`;
  return `${one.against.ratio} × ${one.against.name}, on ${one.device}${origin}`;
};
const exponent = ({ growth }) =>
  growth ? `${growth.exponent.toFixed(2)} ± ${growth.error.toFixed(2)} in ${growth.size}` : "too few sizes";
const sizes = (one) => Object.entries(one.sizes).map(([name, value]) => `${name} ${value}`).join(", ");
const small = (value) => (value ? value.toExponential(0) : "0");

/** Name of a row → what stands in it for an architecture: text, or nodes. */
const ARCHITECTURE = {
  "what it is": (one) => one.tagline,
  paper: (one) => [make("a", { href: one.paper.address }, one.paper.title), `, ${one.year}`],
  family: (one) => one.family.replaceAll("_", " "),
  level: (one) => one.level,
  "works on": (one) => one.modalities.join(", "),
  "used for": (one) => one.tasks.join(", "),
  objective: (one) => one.objective,
  "longest path": (one) => [code(one.complexity.path)],
  time: (one) => [code(one.complexity.time)],
  "memory to train": (one) => [code(one.complexity.memory)],
  "memory to generate": ({ complexity }) =>
    complexity.generating ? [code(complexity.generating)] : "does not generate",
  "trains in parallel": (one) => yes(one.complexity.parallel),
  "key ideas": (one) => [list(one.key_ideas)],
};

/** The same for one of its files. */
const FILE = {
  file: (file, root) => [make("a", { href: root + file.address }, code(`${file.name}.py`))],
  takes: (file) => [code(file.measured.takes)],
  gives: (file) => [code(file.measured.gives)],
  parameters: ({ measured: { speeds } }) =>
    speeds.length ? `${speeds[0].parameters.toLocaleString("en")} at ${sizes(speeds[0])}` : "not measured yet",
  "takes as long as": ({ measured: { speeds } }) => lines(speeds.map(speed)),
  "exponent of time": ({ measured: { speeds } }) => lines(speeds.map(exponent)),
  "worst relative error": ({ measured: { parity } }) =>
    parity
      ? lines(Object.entries(parity.largest).map(([kind, value]) => `${small(value)} in ${kind}`))
      : "no record yet",
  "mistakes caught": ({ measured: { parity } }) =>
    parity ? `${parity.mistakes} of ${parity.mistakes}, recorded ${parity.date}` : "no record yet",
};

const row = (name, cells) => {
  const [one, two] = cells.map((content) => make("td", {}, ...[content].flat()));
  const body = make("tr", {}, make("th", { scope: "row" }, name), one);
  if (one.innerHTML === two.innerHTML) {
    one.colSpan = 2;
    one.className = "same";
  } else {
    body.append(two);
  }
  return body;
};

/** A table of two architectures, and of one file of each. */
export const table = (pair, files, root) => {
  const names = pair.map((one) => make("a", { href: root + one.page }, one.title));
  const heads = names.map((name) => make("th", { scope: "col" }, name));
  const body = make("tbody");
  for (const [name, say] of Object.entries(ARCHITECTURE)) body.append(row(name, pair.map(say)));
  if (files.every(Boolean)) {
    const said = (say) => files.map((file) => say(file, root));
    for (const [name, say] of Object.entries(FILE)) body.append(row(name, said(say)));
  }
  const head = make("thead", {}, make("tr", {}, make("td"), ...heads));
  return make("table", { class: "values" }, head, body);
};
