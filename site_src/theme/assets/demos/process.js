// The demo "process": from noise to a picture, step by step; see process.py for what it
// assumes of a model.
import { make } from "./dom.js";
import { Picture } from "./picture.js";

const PAUSE = 140; // milliseconds a step when it plays

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const product = (sizes) => sizes.reduce((all, size) => all * size, 1);

// Builds the panel in the place of the static figure; see runtime.js.
export async function start({ element, settings, run }) {
  const panel = new Panel(settings, run);
  const figure = element.querySelector(".demo-view");
  await panel.compute();
  figure.hidden = true;
  element.append(panel.element);
  panel.element.focus({ preventScroll: true });
  return {
    stop() {
      panel.stop();
      panel.element.remove();
      figure.hidden = false;
    },
  };
}

// Normal numbers from a seed: mulberry32, then Box and Muller; the same as in process.py.
export function noise(seed, count) {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1) >>> 0;
    mixed = (mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61))) >>> 0;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const away = Math.sqrt(-2 * Math.log(share()));
    return away * Math.cos(2 * Math.PI * share());
  });
}

class Panel {
  #turn = 0; // the last run that was asked for
  #timer = 0;
  #trace = []; // before each step, and at the end: {state, belief}

  constructor(settings, run) {
    this.settings = settings;
    this.run = run;
    this.seed = settings.seed;
    this.#build();
  }

  stop() {
    this.#turn += 1;
    this.#pause();
    for (const picture of [...this.states, ...this.beliefs]) picture.stop();
  }

  #build() {
    const { steps, choices, chosen, knob, words, size, together } = this.settings;
    const id = `demo-${Math.random().toString(36).slice(2, 8)}`;
    const options = choices.map((name, n) => make("option", { value: n, selected: n === chosen }, name));
    this.choice = make("select", { input: () => this.compute() }, ...options);
    this.told = make("output", { for: `${id}-knob` }, String(knob.value));
    this.knob = make("input", {
      type: "range", id: `${id}-knob`, min: knob.low, max: knob.high, step: knob.step, value: knob.value,
      input: () => this.compute(),
    });
    this.count = make("output", { for: `${id}-step` });
    this.slider = make("input", {
      type: "range", id: `${id}-step`, min: 0, max: steps, step: 1, value: steps,
      input: () => {
        this.#pause();
        this.#show();
      },
    });
    this.player = make("button", { class: "demo-button", type: "button", click: () => this.#play() }, "Play");
    const other = () => {
      this.seed += 1;
      this.compute();
    };
    this.other = make("button", { class: "demo-button quiet", type: "button", click: other }, "Other noise");
    this.note = make("p", { class: "demo-hidden", role: "status" });
    const row = () => Array.from({ length: together }, () => new Picture(size[1], size[2]));
    this.states = row();
    this.beliefs = row();
    const strip = (name, pictures) => {
      const canvases = pictures.map((picture) => picture.canvas);
      const inside = make("div", { class: "demo-strip", role: "img" }, ...canvases);
      return [make("p", { class: "demo-title" }, name), inside];
    };
    const shown = [...strip(words.state, this.states), ...strip(words.belief, this.beliefs)];
    this.strips = [shown[1], shown[3]];
    this.element = make(
      "div",
      { class: "demo-view live", tabindex: -1, role: "group", "aria-label": "Live demo" },
      make("div", { class: "demo-side" },
        make("div", { class: "demo-choices" }, make("label", {}, `${words.choice} `, this.choice)),
        make("label", { class: "demo-heat" }, `${knob.label} `, this.told, this.knob),
        this.other,
      ),
      make("div", { class: "demo-process" },
        ...shown,
        make("label", { class: "demo-heat" }, "Step ", this.count, this.slider),
        this.player,
        this.note,
      ),
    );
  }

  // Runs all steps anew, unless something newer is asked for on the way.
  async compute() {
    const turn = (this.#turn += 1);
    this.#pause();
    this.told.textContent = this.knob.value;
    const { steps, size, together } = this.settings;
    const one = product(size);
    let state = new Float32Array(together * one);
    for (let n = 0; n < together; n += 1) state.set(noise(this.seed * 1000 + n, one), n * one);
    const trace = [];
    const choice = BigInt64Array.from({ length: together }, () => BigInt(this.choice.value));
    const knob = Float32Array.of(Number(this.knob.value));
    for (let step = 0; step < steps; step += 1) {
      const outputs = await this.run({
        state: ["float32", state, [together, ...size]],
        step: ["int64", BigInt64Array.of(BigInt(step)), [1]],
        choice: ["int64", choice, [together]],
        knob: ["float32", knob, [1]],
      });
      if (turn !== this.#turn) return;
      trace.push({ state, belief: outputs.belief.data });
      state = outputs.after.data;
    }
    this.#trace = [...trace, { state, belief: state }];
    this.#show();
  }

  #show() {
    const place = Number(this.slider.value);
    const { steps, limits, size, words, choices } = this.settings;
    const now = this.#trace[place];
    if (!now) return;
    const one = product(size);
    this.states.forEach((picture, n) => picture.show(now.state.subarray(n * one, (n + 1) * one), limits));
    this.beliefs.forEach((picture, n) => picture.show(now.belief.subarray(n * one, (n + 1) * one), limits));
    this.count.textContent = `${place} of ${steps}`;
    const told = `step ${place} of ${steps}, ${words.choice.toLowerCase()} ${choices[this.choice.value]}`;
    this.strips[0].setAttribute("aria-label", `${words.state}, ${told}`);
    this.strips[1].setAttribute("aria-label", `${words.belief}, ${told}`);
    const change = this.#change(place);
    this.note.textContent = `${told}; largest change from here to the end ${change.toFixed(2)}`;
  }

  // How far the belief is from the end of the run.
  #change(place) {
    const last = this.#trace.at(-1).state;
    return this.#trace[place].belief.reduce((most, v, n) => Math.max(most, Math.abs(v - last[n])), 0);
  }

  #play() {
    if (this.#timer) return this.#pause();
    const { steps } = this.settings;
    if (Number(this.slider.value) >= steps) this.slider.value = 0;
    if (still()) {
      this.slider.value = steps;
      return this.#show();
    }
    this.player.textContent = "Stop";
    this.#show();
    this.#timer = setInterval(() => {
      this.slider.value = Number(this.slider.value) + 1;
      this.#show();
      if (Number(this.slider.value) >= steps) this.#pause();
    }, PAUSE);
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.player.textContent = "Play";
  }
}
