// Sorting and filtering of the table; every row is there without it.
import { choose, chosen, restore, selection } from "./address.js";

const FILTERS = { family: "Family", modalities: "Works on", parallel: "Trains in parallel" };
const several = (body, key) => body.dataset[key].split("; ");

/** What a body of the table is sorted by: its first cell of the column with a value. */
const valueOf = (body, column) => {
  if (column === 0) return body.rows[0].cells[0].textContent;
  // Rows after the first lack the cells that span them.
  const missing = body.rows[0].cells.length;
  for (const row of body.rows) {
    const cell = row.cells[column - (missing - row.cells.length)];
    const value = cell?.dataset.value ?? (row === body.rows[0] ? cell?.textContent : "");
    if (value) return value;
  }
  return "";
};

const compare = (one, two) => {
  const numbers = [Number(one), Number(two)];
  if (numbers.every(Number.isFinite)) return numbers[0] - numbers[1];
  return one.localeCompare(two, "en");
};

/** Bodies in the order of a column; those without a value come last, either way. */
const inOrder = (bodies, column, down) => {
  const keyed = bodies.map((body) => [valueOf(body, column), body]);
  keyed.sort(([a], [b]) => {
    if (!a || !b) return Number(!a) - Number(!b);
    return down ? compare(b, a) : compare(a, b);
  });
  return keyed.map(([, body]) => body);
};

export const equip = () => {
  const section = document.querySelector(".compare");
  const table = section.querySelector("table");
  const bodies = [...table.tBodies];
  const [corner, ...heads] = [
    table.tHead.rows[0].cells[0],
    ...table.tHead.rows[1].cells,
  ];
  const columns = [corner, ...heads];
  const form = document.createElement("form");
  form.className = "filters";
  const search = document.createElement("label");
  const field = document.createElement("input");
  field.type = "search";
  field.name = "find";
  search.append("Find ", field);
  form.append(search);
  for (const [key, label] of Object.entries(FILTERS)) {
    const values = [...new Set(bodies.flatMap((body) => several(body, key)))].sort();
    const options = values.map((value) => [value, value.replaceAll("_", " ")]);
    form.append(selection(key, label, [["", "all"], ...options]));
  }
  const told = document.createElement("output");
  const reset = document.createElement("button");
  reset.type = "reset";
  reset.textContent = "Show all";
  form.append(reset, told);

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.find.toLowerCase().split(/\s+/);
    for (const body of bodies) {
      const text = body.textContent.toLowerCase();
      body.hidden =
        !words.every((word) => text.includes(word)) ||
        Object.keys(FILTERS).some((key) => wanted[key] && !several(body, key).includes(wanted[key]));
    }
    const rows = bodies.filter((body) => !body.hidden).length;
    told.textContent = `${rows} of ${bodies.length} architectures`;
    return wanted;
  };
  const sort = (order) => {
    const down = order.startsWith("-");
    const column = columns.findIndex((head) => head.dataset.key === order.replace("-", ""));
    for (const head of columns.filter((each) => each.dataset.key)) {
      const way = head !== columns[column] ? "none" : down ? "descending" : "ascending";
      head.setAttribute("aria-sort", way);
    }
    table.append(...(column < 0 ? bodies : inOrder(bodies, column, down)));
  };
  for (const head of columns.filter((each) => each.dataset.key)) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    // Up, down, and back to the order in which one led to the next.
    button.addEventListener("click", () => {
      const key = head.dataset.key;
      const order = { [key]: `-${key}`, [`-${key}`]: "" }[chosen("sort")] ?? key;
      choose({ sort: order });
      sort(order);
    });
  }
  form.addEventListener("input", () => choose(filter()));
  form.addEventListener("reset", () => setTimeout(() => choose(filter())));
  form.addEventListener("submit", (event) => event.preventDefault());
  section.prepend(form);
  for (const control of form.querySelectorAll("[name]")) restore(control);
  filter();
  sort(chosen("sort"));
};
