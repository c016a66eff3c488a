// The note below a diagram: what the list in words says of the part at hand.
const HINT = "Point at a part, or move through them with the Tab key: what it is, its shape, why it is there. Its link leads to the code.";
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
// Room for the longest note is kept, so that nothing below ever moves.
const reserve = () => {
  for (const line of document.querySelectorAll(".diagram-note")) {
    const now = [...line.childNodes];
    line.style.minHeight = "";
    const heights = [...line.closest("figure").querySelectorAll("a.node")].map((node) => {
      line.replaceChildren(...wordsOf(node));
      return line.offsetHeight;
    });
    line.replaceChildren(...now);
    line.style.minHeight = `${Math.max(...heights)}px`;
  }
};
const prepare = () => {
  for (const figure of document.querySelectorAll("figure.diagram")) {
    const line = note(figure);
    if (line.hidden) {
      line.hidden = false;
      line.textContent = HINT;
      // The note takes the place of the drawing's own tooltips.
      figure.querySelectorAll(".node > title").forEach((title) => title.remove());
    }
  }
  reserve();
};

window.addEventListener("resize", reserve);
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
window.document$?.subscribe(prepare) ?? prepare();
