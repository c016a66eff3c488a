// Light or dark: the reader's choice is kept; without one the system's is followed.
const dark = matchMedia("(prefers-color-scheme: dark)");

const show = (scheme) => {
  const { dataset } = document.body;
  if (dataset.mdColorScheme !== scheme) dataset.mdColorScheme = scheme;
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button.scheme");
  if (!button) return;
  const { scheme } = button.dataset;
  __md_set("__palette", { color: { scheme } });
  show(scheme);
  document.querySelector(`button.scheme:not([data-scheme="${scheme}"])`).focus();
});

dark.addEventListener("change", () => {
  let chosen;
  try {
    chosen = __md_get("__palette");
  } catch {
    // A browser that keeps nothing has nothing chosen.
  }
  if (!chosen) show(dark.matches ? "slate" : "default");
});
