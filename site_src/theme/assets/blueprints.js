// Live demos load their module only on pages that hold one.
if (document.querySelector("arch-demo")) import("./demos/loader.js");

// What Material leaves out for readers who use a keyboard or a screen reader: wide code,
// tables and formulas scroll, and a keyboard must be able to reach them. To look at a box
// makes the browser lay out the page, so each is looked at when it comes near.
const near = new IntersectionObserver((entries) => {
  const boxes = entries.filter((entry) => entry.isIntersecting).map(({ target }) => target);
  const wide = boxes.filter(
    (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight,
  );
  for (const box of boxes) near.unobserve(box);
  for (const box of wide) box.tabIndex = 0;
}, { rootMargin: "50%" });
const boxes = ".md-typeset pre > code, .md-typeset .wide, .md-typeset div.maths";
for (const box of document.querySelectorAll(boxes)) near.observe(box);

document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
