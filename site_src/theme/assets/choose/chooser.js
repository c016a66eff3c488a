// The questions as a form. All words and reasons come from the tables of the page.
import { choose, chosen, restore, selection } from "../compare/address.js";
import { make } from "../compare/facts.js";
import { rank } from "./ranking.js";

const OPEN = "not known, or it does not matter";
const UNFOLDED = 2; // ranks whose reasons are shown at once
const ORDER = { for: 0, against: 1, cannot: 2 };

/** Questions with their answers, and every reason, as the tables say them. */
const read = (section) => {
  const questions = [...section.querySelectorAll(".decision")].map((details) => ({
    key: details.id.replace("asks-", ""),
    words: details.querySelector("summary").textContent,
    answers: [...details.querySelectorAll("tbody")].map((body) => ({
      key: body.id.split("-")[1],
      words: body.querySelector("th").textContent,
      rows: [...body.querySelectorAll("tr[data-page]")],
    })),
  }));
  const reasons = questions.flatMap(({ key: asks, answers }) =>
    answers.flatMap(({ key: answer, words, rows }) =>
      rows.map((row) => ({
        ...{ asks, answer, words, row },
        name: row.dataset.page,
        verdict: row.dataset.verdict,
      })),
    ),
  );
  return { questions, reasons };
};

/** A candidate's reasons as a list, with the answers that they speak to. */
const listed = (own) => {
  const sorted = own.toSorted((one, two) => ORDER[one.verdict] - ORDER[two.verdict]);
  const items = sorted.map(({ row, verdict, words }) => {
    const [says, because] = row.cells;
    const text = [...because.cloneNode(true).childNodes];
    const asked = make("small", {}, words);
    const head = says.querySelector("b").cloneNode(true);
    return make("li", { class: verdict }, head, " · ", asked, make("br"), ...text);
  });
  return make("ul", { class: "reasons" }, ...items);
};

/** What stands under a candidate's name: its reasons, folded away for those far behind. */
const reasoned = (one) => {
  if (one.cannot) return listed(one.own.filter((each) => each.verdict === "cannot"));
  const fold = make("details", { class: "why" }, make("summary", {}, counted(one)));
  fold.append(listed(one.own));
  fold.open = one.rank <= UNFOLDED;
  return fold;
};

const counted = ({ pro, con }) => {
  const against = con ? `${con} against` : "none against";
  return `${pro || "no"} ${pro === 1 ? "reason" : "reasons"} for, ${against}`;
};
const several = (titles) =>
  [titles.slice(0, -1).join(", "), titles.at(-1)].filter(Boolean).join(" and ");

/** What a reader who does not see the list is told of it. */
const summary = ({ ranked, out }, asked, title) => {
  if (!asked) return "Answer what you know; leave open what you don't.";
  const gone = out.length ? ` Ruled out: ${out.length}.` : "";
  if (!ranked.length) return `Every one is ruled out.${gone}`;
  const first = ranked.filter((one) => one.rank === 1);
  if (first[0].score <= 0) {
    return `Nothing here has more reasons for it than against it.${gone}`;
  }
  const names = several(first.map((one) => title(one.name)));
  return `First: ${names} (${counted(first[0])}).${gone}`;
};

export const equip = () => {
  const section = document.querySelector(".chooser");
  const { questions, reasons } = read(section);
  const heading = section.querySelector("h2");
  const list = section.querySelector(".candidates");
  const items = new Map([...list.children].map((item) => [item.dataset.page, item]));
  const title = (name) => items.get(name).querySelector("strong").textContent;

  const form = make("form", { class: "filters" });
  for (const { key, words, answers } of questions) {
    const options = answers.map((answer) => [answer.key, answer.words]);
    form.append(selection(key, words, [["", OPEN], ...options]));
  }
  const told = make("output");
  const reset = make("button", { type: "reset" }, "Clear all answers");
  form.append(reset, told);
  const ruled = make("h2", {}, "Ruled out");
  const outside = make("ul", { class: "candidates out" });
  const why = make("h2", {}, "Every reason, by question");
  section.prepend(form, heading, list, ruled, outside, why);
  for (const details of section.querySelectorAll(".decision")) {
    details.open = `#${details.id}` === location.hash;
  }

  const selects = [...form.querySelectorAll("select")];
  const update = () => {
    const given = selects.filter((select) => select.value);
    const answers = Object.fromEntries(given.map((each) => [each.name, each.value]));
    const found = rank([...items.keys()], reasons, answers);
    for (const one of [...found.ranked, ...found.out]) {
      const item = items.get(one.name);
      item.querySelector(":scope > :is(.why, .reasons)")?.remove();
      if (one.own.length) item.querySelector("p").after(reasoned(one));
      if (one.rank && given.length) item.value = one.rank;
      else item.removeAttribute("value");
    }
    list.replaceChildren(...found.ranked.map(({ name }) => items.get(name)));
    outside.replaceChildren(...found.out.map(({ name }) => items.get(name)));
    list.classList.toggle("ranked", given.length > 0);
    ruled.hidden = outside.hidden = !found.out.length;
    heading.textContent = given.length ? "In this order" : "All that can be chosen";
    told.textContent = summary(found, given.length, title);
  };
  form.addEventListener("change", () => {
    choose(Object.fromEntries(new FormData(form)), "pushState");
    update();
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      choose(Object.fromEntries(selects.map(({ name }) => [name, ""])), "pushState");
      update();
    }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());

  // Back and forward change answers.
  window.addEventListener("popstate", () => {
    selects.forEach(restore);
    update();
  });
  selects.forEach(restore);
  update();
};
