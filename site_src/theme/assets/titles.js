// What a title says, in a box that the keyboard, a finger and the mouse all bring up. One
// box for a page: Material's own are made one by one for every title while a page loads.
const box = document.createElement("div");
box.className = "title-box";
box.id = "title-box";
box.setAttribute("role", "tooltip");
box.hidden = true;
document.body.append(box);

let shown = null; // whose words the box says
let timer = 0;

const hide = () => {
  clearTimeout(timer);
  if (!shown) return;
  shown.title = box.textContent;
  shown.removeAttribute("aria-describedby");
  shown = null;
  box.hidden = true;
};

const show = (part) => {
  if (part === shown) return clearTimeout(timer);
  hide();
  shown = part;
  box.textContent = part.title;
  part.removeAttribute("title"); // or the browser shows its own as well
  part.setAttribute("aria-describedby", box.id);
  box.hidden = false;
  const line = part.getClientRects()[0] ?? part.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - 8;
  const below = line.bottom + height + 8 < innerHeight;
  box.style.left = `${scrollX + Math.max(8, Math.min(line.left, room))}px`;
  box.style.top = `${scrollY + (below ? line.bottom : line.top - height)}px`;
};

const titled = ({ target }) => {
  const part = target.closest?.("[title]");
  return part?.closest(".md-content") && !part.closest("svg") ? part : null;
};
const over = ({ target }) => shown && (shown.contains(target) || box.contains(target));

document.addEventListener("pointerover", (event) => {
  clearTimeout(timer);
  const part = titled(event);
  if (part) timer = setTimeout(show, shown ? 0 : 250, part);
  else if (!over(event)) timer = setTimeout(hide, 150);
});
document.addEventListener("focusin", (event) => {
  const part = titled(event);
  if (part?.matches(":focus-visible")) show(part);
});
document.addEventListener("focusout", hide);
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") hide();
});
