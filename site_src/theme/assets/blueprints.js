// Live demos load their module only on pages that hold one.
if (document.querySelector("arch-demo")) import("./demos/loader.js");

// What Material leaves out for readers who use a keyboard or a screen reader: wide code,
// tables and formulas scroll, and a keyboard must be able to reach them. All are looked at
// before one is changed, or the browser would lay out the page for each; what is folded
// away is looked at when it opens.
const BOXES = ".md-typeset :is(pre > code, .wide, div.maths)";
const reach = (place) => {
  const boxes = [...place.querySelectorAll(BOXES)].filter((box) => !box.closest("details:not([open])"));
  const wide = boxes.map(
    (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight,
  );
  boxes.forEach((box, index) => {
    if (wide[index]) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
};
const later = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
later(() => reach(document));
document.addEventListener("toggle", ({ target }) => target.open && reach(target), true);
let resized = 0;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(reach, 150, document);
});

document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
