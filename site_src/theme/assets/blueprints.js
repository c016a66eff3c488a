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
window.document$?.subscribe(() => setTimeout(mend)) ?? mend();
