// Material's instant navigation fetches the whole page anew at the first link within it
// and replaces what a reader has opened, typed or lit. The browser follows such links.
// Loaded before Material: listeners of a window are called in the order they came.
(() => {
  const start = location.pathname;
  let moved = false;
  const notice = () => { moved ||= location.pathname !== start; };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const here = (part) => link[part] === location[part];
    if (link?.hash && ["origin", "pathname", "search"].every(here)) link.target ||= "_self";
  }, true);
  window.addEventListener("click", notice);
  window.addEventListener("popstate", (event) => {
    notice();
    if (moved) return;
    event.stopImmediatePropagation();
    document.dispatchEvent(new Event("popstate")); // for parts that keep an address
  });
})();
