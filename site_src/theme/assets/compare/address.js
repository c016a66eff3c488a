// What is chosen on the page stands in its address, so that it can be sent and kept.

/** A choice that the address holds, or "". */
export const chosen = (name) => new URLSearchParams(location.search).get(name) ?? "";

/** Write choices into the address; an empty one is left out. "pushState" keeps a way back. */
export const choose = (choices, way = "replaceState") => {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(choices)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString().replaceAll("%2F", "/");
  const address = `${location.pathname}${text && `?${text}`}${location.hash}`;
  history[way](way === "pushState" ? null : history.state, "", address);
};

/** A labelled select. */
export const selection = (name, label, options) => {
  const element = document.createElement("label");
  const select = document.createElement("select");
  select.name = name;
  select.append(...options.map(([value, text]) => new Option(text, value)));
  element.append(`${label} `, select);
  return element;
};

/** Set a control to what the address says, if it can take that. */
export const restore = (control) => {
  const value = chosen(control.name);
  const known = control.options && ![...control.options].some((o) => o.value === value);
  control.value = known ? "" : value;
};
