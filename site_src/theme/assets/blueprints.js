// Wide code and tables scroll sideways; a keyboard must be able to reach them.
const reachable = () => {
  for (const box of document.querySelectorAll(".md-typeset pre > code, .md-typeset__scrollwrap")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
      box.tabIndex = 0;
    }
  }
};
window.document$?.subscribe(reachable) ?? reachable();
