// The demo "next-token": text in, the chances of the next character out.
import { Bars } from "./bars.js";
import { make } from "./dom.js";
import { Inside, appear, still, textField, view, wait } from "./panel.js";
import { readerOf } from "./readers.js";

const MORE = 40; // characters that one press of the button writes
const PAUSE = 40; // milliseconds between them

// Builds the panel in the place of the static figure; see runtime.js.
export const start = ({ element, settings, run }) =>
  appear(element, new Panel(settings, readerOf(settings, run)));

class Panel {
  #turn = 0; // the last reading that was asked for
  #writing = false;

  constructor(settings, reader) {
    this.settings = settings;
    this.reader = reader;
    this.characters = [...settings.vocabulary];
    this.numbers = new Map(this.characters.map((character, n) => [character, n]));
    this.text = settings.start;
    this.#build();
  }

  stop() {
    this.#writing = false;
    this.#turn += 1;
    this.inside?.stop();
  }

  #build() {
    const { limit, candidates, inner, channel } = this.settings;
    const id = (this.id = `demo-${Math.random().toString(36).slice(2, 8)}`);
    this.field = textField({
      id,
      maxlength: limit,
      "aria-describedby": `${id}-note`,
      input: () => this.#typed(),
    });
    this.field.value = this.text;
    this.note = make("p", { class: "demo-note", id: `${id}-note`, role: "status" });
    const choose = (character) => this.#append(character);
    this.bars = new Bars({ count: candidates, choose, verb: "append", id: `${id}-next` });
    this.heat = make("output", { for: `${id}-heat` }, "1.0");
    this.slider = make("input", {
      type: "range",
      id: `${id}-heat`,
      min: 0,
      max: 2,
      step: 0.1,
      value: 1,
      input: () => this.#chances(),
    });
    this.button = make("button", { class: "demo-button quiet", type: "button", click: () => this.#write() });
    this.button.textContent = `Write ${MORE} more`;
    if (inner.length) this.inside = new Inside(inner, channel, () => this.#draw());
    this.element = view(
      "",
      make("label", { class: "demo-name", for: id }, "Text"),
      this.field,
      this.note,
      make("div", { class: "demo-side" },
        make("p", { class: "demo-name", id: `${id}-next` }, "Next character"),
        this.bars.element,
        make("label", { class: "demo-heat" }, "Temperature ", this.heat, this.slider),
        this.button,
      ),
      ...(inner.length ? [this.inside.element] : []),
    );
  }

  // What the reader typed: characters that the model never saw are pointed out.
  #typed() {
    this.text = this.field.value;
    this.read();
  }

  #append(character) {
    if (this.#writing || this.text.length >= this.settings.limit) return;
    this.text += character;
    this.field.value = this.text;
    this.field.scrollTop = this.field.scrollHeight;
    this.read();
  }

  #tokens() {
    const known = [...this.text].filter((character) => this.numbers.has(character));
    const unknown = new Set([...this.text].filter((character) => !this.numbers.has(character)));
    const { limit } = this.settings;
    this.note.textContent = unknown.size
      ? `Left out, as the model never saw it: ${[...unknown].join(" ")}`
      : this.text.length >= limit
        ? `The demo takes ${limit} characters; delete some to go on.`
        : "";
    return known.map((character) => this.numbers.get(character));
  }

  // Reads the text and shows the outcome, unless a newer text has come meanwhile.
  async read() {
    const turn = (this.#turn += 1);
    const current = () => turn === this.#turn;
    const tokens = this.#tokens();
    const outcome = await this.reader.read(tokens, current);
    if (!outcome || !current()) return;
    this.outcome = outcome;
    this.known = tokens.map((n) => this.characters[n]).join("");
    if (!this.#writing || !still()) this.#show();
  }

  #show() {
    this.#chances();
    this.#draw();
  }

  // Chances at the temperature; 0 gives all to the likeliest.
  #shares() {
    const heat = Number(this.slider.value);
    const { scores } = this.outcome;
    const top = Math.max(...scores);
    const weights = Array.from(scores, (s) => (heat ? Math.exp((s - top) / heat) : Number(s === top)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  }

  #chances() {
    const heat = Number(this.slider.value);
    this.heat.textContent = heat ? heat.toFixed(1) : "0: always the likeliest";
    const empty = !this.outcome?.scores;
    const shares = empty ? [] : this.#shares();
    this.bars.show(shares, this.characters);
    this.button.disabled = empty;
  }

  #draw() {
    const { inner } = this.settings;
    if (!inner.length || !this.outcome?.scores) return;
    const { part, channel, map } = this.inside;
    const { label, range } = inner[part];
    map.show({ ...this.outcome.inside(part, channel, this.known, label), range });
  }

  // Draws characters by their chances, one by one, until done or told to stop.
  async #write() {
    if (this.#writing) {
      this.#writing = false;
      return;
    }
    this.#writing = true;
    this.field.readOnly = true;
    this.button.textContent = "Stop";
    let written = 0;
    while (this.#writing && written < MORE && this.text.length < this.settings.limit) {
      this.text += this.characters[draw(this.#shares())];
      written += 1;
      if (!still()) {
        this.field.value = `${this.text}▌`;
        this.field.scrollTop = this.field.scrollHeight;
        await wait(PAUSE);
      }
      await this.read();
    }
    this.#writing = false;
    this.field.readOnly = false;
    this.field.value = this.text;
    this.field.scrollTop = this.field.scrollHeight;
    this.button.textContent = `Write ${MORE} more`;
    if (this.element.isConnected) this.#show();
    this.note.textContent ||= `${written} characters written.`;
  }
}

// The number of an entry, drawn by the entries' shares.
function draw(shares) {
  let left = Math.random();
  for (let n = 0; n < shares.length; n += 1) if ((left -= shares[n]) < 0) return n;
  return shares.indexOf(Math.max(...shares));
}
