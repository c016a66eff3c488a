// The note below a diagram: what the list in words says of the part at hand.
const HINT = matchMedia("(hover: none)").matches
  ? "Tap a part: what it is, its shape, why it is there. A second tap leads to the code."
  : "Point at a part, or move through them with the Tab key: what it is, its shape, why it is there. Its link leads to the code.";
let touched = false;
let chosen = null;

const note = (figure) => figure.querySelector(".diagram-note");
const partAt = (event) => event.target.closest?.(".diagram a.node");

const wordsOf = (node) => {
  const words = document.getElementById(node.getAttribute("aria-describedby"));
  return words.cloneNode(true).childNodes;
};
const show = (node) => {
  chosen?.classList.remove("chosen");
  chosen = node;
  node.classList.add("chosen");
  note(node.closest("figure")).replaceChildren(...wordsOf(node));
};
// Room for the longest note is kept, so that nothing below ever moves. All notes are laid
// out at once, below each other and out of sight.
const reserve = (line) => {
  const trial = line.cloneNode();
  trial.className = "diagram-note trial";
  trial.append(
    ...[...line.closest("figure").querySelectorAll("a.node")].map((node) => {
      const words = document.createElement("div");
      words.append(...wordsOf(node));
      return words;
    }),
  );
  line.before(trial);
  const heights = [...trial.children].map((words) => words.offsetHeight);
  trial.remove();
  line.style.minHeight = `${Math.max(...heights)}px`;
};
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) reserve(target);
  },
  { rootMargin: "100%" },
);
const reserveAgain = () => {
  near.disconnect();
  for (const line of document.querySelectorAll(".diagram-note")) near.observe(line);
};
for (const figure of document.querySelectorAll("figure.diagram")) {
  const line = note(figure);
  line.hidden = false;
  line.textContent = HINT;
  // The note takes the place of the drawing's own tooltips.
  figure.querySelectorAll(".node > title").forEach((title) => title.remove());
}
reserveAgain();

window.addEventListener("resize", reserveAgain);
document.addEventListener("pointerover", (event) => {
  const node = partAt(event);
  if (node && node !== chosen && event.pointerType !== "touch") show(node);
});
document.addEventListener("focusin", (event) => {
  const node = partAt(event);
  if (node && node !== chosen && !touched) show(node);
});
document.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
document.addEventListener("keydown", () => { touched = false; });
// With a finger there is no hovering: the first tap shows the note, the second follows.
document.addEventListener("click", (event) => {
  const node = partAt(event);
  if (node && touched && node !== chosen) {
    event.preventDefault();
    show(node);
  }
});
// On paper the words stand below the drawing.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll(".diagram-words:not([open])")];
  for (const words of opened) words.open = true;
});
window.addEventListener("afterprint", () => { for (const words of opened) words.open = false; });
