// Live demos load their module only on pages that hold one.
const wake = () => {
  if (document.querySelector("arch-demo")) import("./demos/loader.js");
};

// What Material leaves out for readers who use a keyboard or a screen reader.
const mend = () => {
  // Wide code, tables and formulas scroll; a keyboard must be able to reach them.
  const boxes = ".md-typeset pre > code, .md-typeset__scrollwrap, .md-typeset div.maths";
  for (const box of document.querySelectorAll(boxes)) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
      box.tabIndex = 0;
    }
  }
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-code__nav").forEach((tools, index) => {
    tools.setAttribute("aria-label", `Tools of code block ${index + 1}`);
  });
};
const settle = () => {
  mend();
  wake();
};
window.document$?.subscribe(() => setTimeout(settle)) ?? settle();
