// What the panels of all kinds of demos have in common.
import { make } from "./dom.js";
import { HeatMap } from "./heat-map.js";

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Puts a panel, once it has read its first text, in the place of the static figure.
export async function appear(element, panel) {
  const figure = element.querySelector(".demo-view");
  await panel.read();
  figure.hidden = true;
  element.append(panel.element);
  // A touch keyboard would hide what has just come to life.
  const first = matchMedia("(pointer: coarse)").matches ? panel.element : panel.field;
  first.focus({ preventScroll: true });
  return {
    stop() {
      panel.stop();
      panel.element.remove();
      figure.hidden = false;
    },
  };
}

// The element that holds a panel.
export const view = (classes, ...children) =>
  make("div", { class: `demo-view live ${classes}`, tabindex: -1, role: "group", "aria-label": "Live demo" }, ...children);

// A field for text.
export const textField = (attributes) =>
  make("textarea", {
    class: "demo-text",
    rows: 2,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    ...attributes,
  });

const options = (names, chosen) =>
  names.map((name, n) => make("option", { value: n, selected: n === chosen }, name));

// A choice by name; `chosen` is the number of the first.
export const select = (label, names, chosen, input) =>
  make("label", {}, `${label} `, make("select", { input }, ...options(names, chosen)));

// A heat map with the choice of what it shows: a part, and one of the part's channels.
export class Inside {
  // `parts` are {label, channels}; `draw` is called when another one is chosen.
  constructor(parts, channel, draw) {
    this.parts = parts;
    this.map = new HeatMap("Values inside the model");
    this.value = select("Shown", parts.map((one) => one.label), 0, () => {
      this.#offer(this.channel);
      draw();
    });
    this.channels = select("", [], 0, draw);
    this.choices = make("div", { class: "demo-choices" });
    const { element, told, spoken } = this.map;
    this.element = make("div", { class: "demo-inside" }, this.choices, element, told, spoken);
    this.#offer(channel);
  }

  get part() {
    return Number(this.value.lastChild.value);
  }

  get channel() {
    return Number(this.channels.lastChild.value || 0);
  }

  #offer(channel) {
    const { label, channels } = this.parts[this.part];
    this.channels.firstChild.textContent = `${this.parts.length > 1 ? "of" : label} `;
    this.channels.lastChild.replaceChildren(...options(channels, channel));
    const wanted = [[this.value, this.parts], [this.channels, channels]];
    this.choices.replaceChildren(...wanted.filter(([, all]) => all.length > 1).map(([one]) => one));
  }

  stop() {
    this.map.stop();
  }
}
