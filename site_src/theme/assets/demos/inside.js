// What a model holds inside, as a heat map, and the choice of what is shown.
import { make } from "./dom.js";
import { HeatMap } from "./heat-map.js";

export class Inside {
  #map = new HeatMap("Values inside the model");
  #last = null;

  constructor({ inner, channel }) {
    this.inner = inner;
    const labels = inner.map((part) => part.label);
    this.value = this.#select("Shown", labels, 0);
    this.channel = this.#select(labels.length > 1 ? "of" : labels[0], inner[0]?.channels ?? [], channel);
    const choices = [this.value, this.channel].filter((select) => select.lastChild.length > 1);
    this.element = make(
      "div",
      { class: "demo-inside" },
      make("div", { class: "demo-choices" }, ...choices),
      this.#map.element,
      this.#map.told,
      this.#map.spoken,
    );
  }

  stop() {
    this.#map.stop();
  }

  // Shows an outcome of a reader, for the text that it read; the cursor starts at its end.
  show(outcome, text, cursor) {
    this.#last = [outcome, text, cursor];
    this.#draw();
  }

  #select(label, names, chosen) {
    const options = names.map((name, n) => make("option", { value: n, selected: n === chosen }, name));
    const select = make("select", { input: () => this.#draw() }, ...options);
    return make("label", {}, `${label} `, select);
  }

  #draw() {
    if (!this.inner.length || !this.#last) return;
    const [outcome, text, cursor] = this.#last;
    const n = Number(this.value.lastChild.value);
    const channel = Number(this.channel.lastChild.value || 0);
    const { label, range } = this.inner[n];
    this.#map.show({ ...outcome.inside(n, channel, text, label), range, cursor });
  }
}
