// The demo "sequence-to-sequence": a text in, the likeliest other text out, word by word.
import { make, visible } from "./dom.js";
import { Inside, appear, select, still, textField, view, wait } from "./panel.js";
import { translatorOf } from "./translators.js";

const PAUSE = 60; // milliseconds between two words

const percent = (share) => `${(100 * share).toFixed(0)}\u202f%`;
const letters = (character = "") => /^\p{L}+$/u.test(character);

// Builds the panel in the place of the static figure; see runtime.js.
export const start = ({ element, settings, run }) =>
  appear(element, new Panel(settings, translatorOf(settings, run)));

// The numbers of a text's words, and what is no word that the model knows: at each place
// the longest word counts that does not end within a run of letters.
export function split(text, numbers) {
  const characters = [...text];
  const longest = Math.max(...[...numbers.keys()].map((word) => [...word].length));
  const found = [];
  const unknown = [];
  for (let at = 0; at < characters.length; ) {
    let size = Math.min(longest, characters.length - at);
    const word = () => characters.slice(at, at + size).join("");
    const inRun = () => letters(characters[at + size - 1]) && letters(characters[at + size]);
    while (size && (!numbers.has(word()) || inRun())) size -= 1;
    if (size) {
      found.push(numbers.get(word()));
    } else {
      size = 1;
      while (inRun()) size += 1;
      if (word().trim()) unknown.push(word());
    }
    at += size;
  }
  return { found, unknown };
}

class Panel {
  #turn = 0; // the last reading that was asked for

  constructor(settings, translator) {
    this.settings = settings;
    this.translator = translator;
    this.numbers = new Map(settings.vocabulary.map((word, n) => [word, n]));
    this.#build();
  }

  stop() {
    this.#turn += 1;
    this.inside?.stop();
  }

  #build() {
    const { samples, maps, channel } = this.settings;
    const id = `demo-${Math.random().toString(36).slice(2, 8)}`;
    this.field = textField({ id, "aria-describedby": `${id}-note`, input: () => this.read() });
    this.field.value = samples[0];
    this.note = make("p", { class: "demo-note", id: `${id}-note`, role: "status" });
    this.sample = select("Sample", samples, 0, ({ target }) => {
      this.field.value = samples[Number(target.value)];
      this.read();
    });
    this.words = make("ol", { class: "demo-words", "aria-labelledby": `${id}-words` });
    this.said = make("p", { class: "demo-hidden", role: "status" });
    if (maps.length) this.inside = new Inside(maps, channel, () => this.#draw());
    this.element = view(
      "words",
      make("label", { class: "demo-name", for: id }, "Text"),
      this.field,
      this.note,
      make("div", { class: "demo-choices" }, ...(samples.length > 1 ? [this.sample] : [])),
      make("p", { class: "demo-name", id: `${id}-words` }, "Written, word by word"),
      this.words,
      this.said,
      ...(maps.length ? [this.inside.element] : []),
    );
  }

  // Words that the model never saw are pointed out, and left out.
  #source() {
    const { found, unknown } = split(this.field.value, this.numbers);
    const [limit] = this.settings.limits;
    this.note.textContent = unknown.length
      ? `Left out, as the model never saw it: ${[...new Set(unknown)].join(" ")}`
      : found.length > limit
        ? `The demo reads ${limit} words; the rest is left out.`
        : "";
    return found.slice(0, limit);
  }

  // Translates the text, unless a newer text comes meanwhile.
  async read() {
    const turn = (this.#turn += 1);
    const source = this.#source();
    this.words.replaceChildren();
    this.said.textContent = "";
    if (!source.length) return;
    const written = [];
    for await (const outcome of this.translator.translate(source)) {
      if (turn !== this.#turn) return;
      this.outcome = outcome;
      const word = this.settings.written[outcome.word];
      written.push(word);
      this.words.append(make("li", {}, make("b", {}, visible(word)), " ", make("small", {}, percent(outcome.chance))));
      if (!still() && this.element.isConnected) {
        this.#draw();
        await wait(PAUSE);
        if (turn !== this.#turn) return;
      }
    }
    this.said.textContent = `Written: ${written.join(" ")}`;
    this.#draw();
  }

  #draw() {
    if (!this.inside || !this.outcome) return;
    const { part, channel, map } = this.inside;
    map.show({ ...this.outcome.inside(part, channel), range: this.settings.maps[part].range });
  }
}
