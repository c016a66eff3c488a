// The demo "image-class": an image in, the chances of its classes out.
import { make } from "./dom.js";
import { HeatMap } from "./heat-map.js";
import { Pad } from "./pad.js";
import { viewOf } from "./inner-maps.js";

const percent = (share) => `${(100 * share).toFixed(1)}\u202f%`;
const ARROWS = [["←", "left", -1, 0], ["→", "right", 1, 0], ["↑", "up", 0, -1], ["↓", "down", 0, 1]];

// Builds the panel in the place of the static figure; see runtime.js.
export async function start({ element, settings, run }) {
  const panel = new Panel(settings, run);
  const figure = element.querySelector(".demo-view");
  await panel.read();
  figure.hidden = true;
  element.append(panel.element);
  const first = matchMedia("(pointer: coarse)").matches ? panel.element : panel.pad.field;
  first.focus({ preventScroll: true });
  return {
    stop() {
      panel.stop();
      panel.element.remove();
      figure.hidden = false;
    },
  };
}

class Panel {
  #turn = 0; // the last reading that was asked for
  #wanted = false; // whether the image has changed since the last one

  constructor(settings, run) {
    this.settings = settings;
    this.run = run;
    this.#build();
    this.#take(0);
  }

  stop() {
    this.#turn += 1;
    this.pad.stop();
    this.map.stop();
  }

  #build() {
    const { classes, samples, size, brush, inner } = this.settings;
    this.pad = new Pad(size, brush, () => this.#changed());
    this.bars = classes.map((name) => this.#bar(name));
    this.map = new HeatMap("Values inside the model");
    const labels = inner.map((part) => part.label);
    this.value = select("Shown", labels, () => this.#choose());
    this.channel = select(labels.length > 1 ? "of" : labels[0], [], () => this.#draw());
    this.from = select("from", [], () => this.#draw());
    const id = `demo-${Math.random().toString(36).slice(2, 8)}`;
    const button = (text, said, click) =>
      make("button", { class: "demo-button quiet", type: "button", "aria-label": said, click }, text);
    this.element = make(
      "div",
      { class: "demo-view live", tabindex: -1, role: "group", "aria-label": "Live demo" },
      make(
        "div",
        { class: "demo-side" },
        this.pad.field,
        this.pad.spoken,
        make("p", { class: "demo-note" },
          "Draw with mouse or finger. Keys: arrows move the pen (with Shift further), Space puts it down or lifts it, Delete clears."),
        make("div", { class: "demo-tools", role: "group", "aria-label": "Start from a test image" },
          ...samples.map(([name], n) => button(name, `start from ${name}`, () => this.#take(n)))),
        make("div", { class: "demo-tools", role: "group", "aria-label": "Change the image" },
          ...ARROWS.map(([text, way, x, y]) => button(text, `move the image ${way}`, () => this.pad.shift(x, y))),
          button("Clear", "clear the image", () => this.pad.clear())),
        make("p", { class: "demo-name", id }, "Chances"),
        make("ol", { class: "demo-next demo-classes", "aria-labelledby": id }, ...this.bars.map((bar) => bar.item)),
        (this.best = make("p", { class: "demo-hidden", role: "status" })),
      ),
      ...(inner.length ? [this.#inside()] : []),
    );
    if (inner.length) this.#fill();
  }

  #inside() {
    const choices = make("div", { class: "demo-choices" }, this.value, this.channel, this.from);
    return make("div", { class: "demo-inside" }, choices, this.map.element, this.map.told, this.map.spoken);
  }

  #bar(name) {
    const share = make("span", { class: "demo-share" });
    const chance = make("span", { class: "demo-chance" });
    const track = make("span", { class: "demo-bar" }, share);
    const item = make("li", {}, make("b", {}, name), track, chance);
    return { item, share, chance };
  }

  #take(n) {
    const { samples, levels } = this.settings;
    this.pad.set([...samples[n][1]].map((digit) => parseInt(digit, levels + 1) / levels));
  }

  // Several changes before the next frame are read once.
  #changed() {
    if (this.#wanted) return;
    this.#wanted = true;
    requestAnimationFrame(() => {
      if (this.#wanted) this.read();
    });
  }

  async read() {
    this.#wanted = false;
    const turn = (this.#turn += 1);
    const sizes = [1, 1, ...this.settings.size];
    const outputs = await this.run({ images: ["float32", this.pad.pixels.slice(), sizes] });
    if (turn !== this.#turn) return;
    this.outputs = outputs;
    this.#chances();
    this.#draw();
  }

  #chances() {
    const scores = Array.from(this.outputs.scores.data);
    const top = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - top));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.bars.forEach((bar, n) => {
      const share = weights[n] / total;
      bar.share.style.width = `${100 * share}%`;
      bar.chance.textContent = percent(share);
      bar.item.classList.toggle("best", scores[n] === top);
    });
    const best = scores.indexOf(top);
    this.best.textContent = `Likeliest: ${this.settings.classes[best]}, ${percent(weights[best] / total)}`;
  }

  // The channels and places that belong to the chosen value.
  #fill() {
    const part = this.settings.inner[Number(this.value.lastChild.value)];
    const places = part.looking ? viewOf(this.settings, part).names : [];
    options(this.channel, part.looking ? part.channels : []);
    options(this.from, places);
    this.value.hidden = this.settings.inner.length < 2;
  }

  #choose() {
    this.#fill();
    this.#draw();
  }

  #draw() {
    const { inner } = this.settings;
    if (!inner.length || !this.outputs) return;
    const n = Number(this.value.lastChild.value);
    const chosen = (label) => Number(label.lastChild.value || 0);
    const view = viewOf(this.settings, inner[n]);
    const { data, dims } = this.outputs[`inner_${n}`];
    this.map.show({ ...view.show(data, dims, chosen(this.channel), chosen(this.from)), range: inner[n].range });
  }
}

function select(label, names, changed) {
  const list = make("select", { input: changed });
  const element = make("label", {}, `${label} `, list);
  options(element, names);
  return element;
}

function options(label, names) {
  const list = label.lastChild;
  const before = Math.min(Number(list.value || 0), Math.max(0, names.length - 1));
  list.replaceChildren(...names.map((name, n) => make("option", { value: n, selected: n === before }, name)));
  label.hidden = names.length < 2;
}
