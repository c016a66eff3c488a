// Makes an element: a tag, its attributes (functions are listeners), its children.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const SEEN = { " ": "␣", "\n": "↵", "\t": "⇥" };
const SPOKEN = { " ": "space", "\n": "new line", "\t": "tab" };

// A character as it is shown, and as it is read aloud, by itself.
export const visible = (character) => SEEN[character] ?? character;
export const spoken = (character) => SPOKEN[character] ?? character;
