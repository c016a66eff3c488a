// Any two architectures side by side, from the files that the site gives to programs.
import { choose, chosen, restore, selection } from "./address.js";
import { diagrams, sources } from "./folds.js";
import { make, table } from "./facts.js";

const SIDES = ["one", "two"];
let facts = null; // asked for when two were chosen, and kept

const read = async (address) => {
  facts ??= fetch(address).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.status} for ${address}`);
    return answer.json();
  });
  try {
    return (await facts).architectures;
  } catch (error) {
    facts = null; // so that the next choice tries again
    throw error;
  }
};

/** Selects for the files of those that own several. */
const fileChoices = (pair, changed) => {
  const form = make("form", { class: "filters" });
  pair.forEach((one, at) => {
    if (one.snippets.length < 2) return;
    const options = one.snippets.map(({ name }) => [name, `${name.split("/")[1]}.py`]);
    form.append(selection(`file-${SIDES[at]}`, `File of ${one.title}`, options));
  });
  for (const select of form.querySelectorAll("select")) {
    restore(select);
    if (!select.value) select.selectedIndex = 0;
    select.addEventListener("change", () => {
      choose({ [select.name]: select.value });
      changed();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  return form;
};

const draw = (pair, root, view) => {
  const place = make("div");
  const fill = () => {
    const files = pair.map((one, at) => {
      const name = chosen(`file-${SIDES[at]}`);
      return one.snippets.find((file) => file.name === name) ?? one.snippets[0];
    });
    const label = pair.map((one) => one.title).join(" and ");
    const box = make("div", { class: "computed-table", tabindex: "0", role: "region" });
    box.ariaLabel = label;
    box.append(table(pair, files, root));
    const folds = [diagrams(pair, root)];
    if (files.every(Boolean)) folds.unshift(sources(files, root));
    place.replaceChildren(box, ...folds);
  };
  const form = fileChoices(pair, fill);
  view.replaceChildren(...(form.children.length ? [form] : []), place);
  fill();
};

export const equip = () => {
  const section = document.querySelector(".pair");
  const plain = section.querySelector(".pair-plain");
  const address = plain.querySelector("p a").href;
  const root = new URL(".", address).href;
  const names = [...plain.querySelectorAll("li a")].map((link) => {
    const name = link.href.replace(`${root}architectures/`, "").replace(/\/$/, "");
    return [name, link.textContent];
  });
  const form = make("form", { class: "filters" });
  const told = make("output");
  const view = make("div");
  const none = [["", "choose one"], ...names];
  form.append(selection("one", "First", none), selection("two", "Second", none), told);
  form.addEventListener("submit", (event) => event.preventDefault());

  const update = async () => {
    const wanted = SIDES.map((side) => form.elements[side].value);
    const ready = wanted.every(Boolean) && wanted[0] !== wanted[1];
    told.textContent = ready ? "" : "Choose two different ones.";
    view.replaceChildren();
    if (!ready) return;
    try {
      const every = await read(address);
      const current = SIDES.map((side) => form.elements[side].value);
      if (current.join() !== wanted.join()) return; // another choice was faster
      draw(wanted.map((name) => every.find((one) => one.name === name)), root, view);
    } catch (error) {
      told.textContent = `The facts could not be loaded: ${error.message}. Choose again.`;
    }
  };
  form.addEventListener("change", () => {
    const wanted = Object.fromEntries(new FormData(form));
    choose({ ...wanted, "file-one": "", "file-two": "" });
    update();
  });
  plain.hidden = true;
  section.append(form, view);
  for (const select of form.querySelectorAll("select")) restore(select);
  update();
};
