// The demo "fill-gap": a text with hidden characters in, what may stand there out.
import { Bars } from "./bars.js";
import { make, spoken, visible } from "./dom.js";
import { Inside, appear, textField, view } from "./panel.js";
import { readerOf } from "./readers.js";

const MOVES = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
const HOW = "Press a character below to hide it.";

// Builds the panel in the place of the static figure; see runtime.js.
export const start = ({ element, settings, run }) =>
  appear(element, new Panel(settings, readerOf(settings, run)));

class Panel {
  #turn = 0; // the last reading that was asked for
  #hidden = new Map(); // place → the character that was hidden there
  #focus = 0; // the place of the strip that the Tab key reaches

  constructor(settings, reader) {
    this.settings = settings;
    this.reader = reader;
    this.characters = [...settings.vocabulary];
    this.numbers = new Map(this.characters.map((character, n) => [character, n]));
    this.text = settings.start;
    this.place = this.#focus = this.text.indexOf(settings.gap); // the gap that is looked at
    this.#build();
  }

  stop() {
    this.#turn += 1;
    this.inside?.stop();
  }

  #build() {
    const { context, candidates, inner, channel } = this.settings;
    const id = `demo-${Math.random().toString(36).slice(2, 8)}`;
    this.field = textField({
      id,
      rows: 1,
      maxlength: context,
      "aria-describedby": `${id}-note`,
      input: () => this.#typed(),
    });
    this.field.value = this.text;
    this.note = make("p", { class: "demo-note", id: `${id}-note`, role: "status" });
    this.strip = make("div", {
      class: "demo-letters",
      role: "toolbar",
      "aria-labelledby": `${id}-hide`,
      keydown: (event) => this.#key(event),
    });
    const choose = (character) => this.#fill(character);
    this.bars = new Bars({ count: candidates, choose, verb: "fill in", id: `${id}-chances` });
    this.answer = make("p", { class: "demo-note", role: "status" });
    if (inner.length) this.inside = new Inside(inner, channel, () => this.#draw());
    this.element = view(
      "",
      make("label", { class: "demo-name", for: id }, "Text"),
      this.field,
      this.note,
      make("p", { class: "demo-name", id: `${id}-hide` }, "Hide or show a character"),
      this.strip,
      make("div", { class: "demo-side" },
        make("p", { class: "demo-name", id: `${id}-chances` }, "In the gap"),
        this.bars.element,
        this.answer,
      ),
      ...(inner.length ? [this.inside.element] : []),
    );
  }

  #typed() {
    this.#hidden.clear();
    this.text = this.field.value;
    this.place = this.text.indexOf(this.settings.gap);
    this.#focus = Math.max(0, this.place);
    this.read();
  }

  // Puts a character in the place of another.
  #put(place, character) {
    const text = [...this.text];
    text[place] = character;
    this.text = text.join("");
    this.field.value = this.text;
  }

  #toggle(place) {
    const { gap } = this.settings;
    const found = [...this.text][place];
    this.#focus = place;
    if (found !== gap) {
      this.#hidden.set(place, found);
      this.#put(place, gap);
      this.place = place;
    } else if (place !== this.place || !this.#hidden.has(place)) {
      this.place = place; // another gap is looked at
    } else {
      this.#put(place, this.#hidden.get(place));
      this.place = [...this.text].indexOf(gap);
    }
    this.read();
  }

  #fill(character) {
    if (this.place < 0) return;
    this.#put(this.place, character);
    this.place = [...this.text].indexOf(this.settings.gap);
    this.read();
  }

  #key(event) {
    const step = MOVES[event.key];
    const places = this.strip.children.length;
    if (!step || !places || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#focus = Math.max(0, Math.min(places - 1, this.#focus + step));
    this.#reach();
    this.strip.children[this.#focus].focus();
  }

  // One place of the strip is in the order of the Tab key, as in any toolbar.
  #reach() {
    [...this.strip.children].forEach((button, place) => (button.tabIndex = place === this.#focus ? 0 : -1));
  }

  #tokens() {
    const found = [...this.text];
    const unknown = [...new Set(found.filter((character) => !this.numbers.has(character)))];
    if (unknown.length) {
      this.text = found.filter((character) => this.numbers.has(character)).join("");
      this.place = this.text.indexOf(this.settings.gap);
      this.#hidden.clear();
    }
    const { context } = this.settings;
    this.note.textContent = unknown.length
      ? `Left out, as the model never saw it: ${unknown.join(" ")}`
      : this.place < 0
        ? HOW
        : found.length >= context
          ? `The model reads ${context} characters at once.`
          : "";
    return [...this.text].map((character) => this.numbers.get(character));
  }

  // Reads the text and shows the outcome, unless a newer text has come meanwhile.
  async read() {
    const turn = (this.#turn += 1);
    const current = () => turn === this.#turn;
    const outcome = await this.reader.read(this.#tokens(), current);
    if (!outcome || !current()) return;
    this.#show(outcome);
  }

  #show(outcome) {
    this.#tell();
    const shares = outcome.scores && this.place >= 0 ? softmax(outcome.at(this.place)) : [];
    this.bars.show(shares, this.characters);
    const was = this.#hidden.get(this.place);
    const rank = 1 + shares.filter((share) => share > shares[this.numbers.get(was)]).length;
    this.answer.textContent = was && shares.length
      ? `Hidden was ${spoken(was)}, number ${rank} of the model's list.`
      : "";
    this.outcome = outcome;
    this.#draw();
  }

  #draw() {
    const { inner } = this.settings;
    if (!inner.length || !this.outcome?.scores) return;
    const { part, channel, map } = this.inside;
    const { label, range } = inner[part];
    const row = this.place < 0 ? this.text.length - 1 : this.place;
    const shown = this.outcome.inside(part, channel, this.text, label);
    map.show({ ...shown, range, cursor: [row, row] });
  }

  // The strip, a button for each character; the focus stays where it was.
  #tell() {
    const { gap } = this.settings;
    const held = this.strip.contains(document.activeElement);
    const buttons = [...this.text].map((character, place) => {
      const hidden = character === gap;
      const said = hidden ? `place ${place + 1}, hidden` : `place ${place + 1}, ${spoken(character)}`;
      return make(
        "button",
        { type: "button", "aria-pressed": String(hidden), "aria-label": said, click: () => this.#toggle(place) },
        visible(character),
      );
    });
    this.#focus = Math.max(0, Math.min(buttons.length - 1, this.#focus));
    this.strip.replaceChildren(...buttons);
    buttons[this.place]?.classList.add("looked-at");
    this.#reach();
    if (held) buttons[this.#focus]?.focus();
  }
}

function softmax(scores) {
  const top = Math.max(...scores);
  const weights = Array.from(scores, (score) => Math.exp(score - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
