// A heat map with a cursor, for mouse, touch and arrow keys, in the page's own inks.
import { make, visible } from "./dom.js";

const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

export class HeatMap {
  #data = null;
  #cursor = [0, 0];
  #timer = 0;

  // `label` says what the map shows, to a reader who does not see it.
  constructor(label) {
    this.canvas = make("canvas", { class: "demo-cells" });
    this.mark = make("div", { class: "demo-cursor" });
    this.field = make(
      "div",
      {
        class: "demo-field",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "heat map",
        "aria-label": `${label}; arrow keys move the cursor`,
        keydown: (event) => this.#key(event),
        pointerdown: (event) => this.#point(event),
        pointermove: (event) => this.#point(event),
      },
      this.canvas,
      this.mark,
    );
    this.side = make("div", { class: "demo-y", "aria-hidden": "true" });
    this.foot = make("div", { class: "demo-x", "aria-hidden": "true" });
    this.told = make("p", { class: "demo-told" });
    this.spoken = make("p", { class: "demo-hidden", role: "status" });
    this.element = make("div", { class: "demo-map" }, this.side, this.field, this.foot);
    const body = document.body;
    this.watch = new MutationObserver(() => this.#paint());
    this.watch.observe(body, { attributeFilter: ["data-md-color-scheme"] });
  }

  // Shows {rows, columns, range, value(row, column), describe(row, column)}: how many,
  // the scale, a number, and what is said of a cell; `cursor` is where it starts if not
  // at the end; `columns` and, if they have names,
  // `rows` are strings of characters, otherwise `rows` is a number.
  show(data) {
    this.#data = data;
    const named = typeof data.rows === "string";
    const height = named ? data.rows.length : data.rows;
    this.canvas.width = data.columns.length;
    this.canvas.height = height;
    this.canvas.classList.toggle("tall", !named);
    this.side.replaceChildren(...(named ? labels(data.rows) : []));
    this.foot.replaceChildren(...labels(data.columns));
    const row = this.#cursor[0] < height ? this.#cursor[0] : height - 1;
    this.#paint();
    this.#move(...(data.cursor ?? [named ? height - 1 : row, data.columns.length - 1]));
  }

  stop() {
    this.watch.disconnect();
    clearTimeout(this.#timer);
  }

  #paint() {
    if (!this.#data) return;
    const { value, range } = this.#data;
    const { width, height } = this.canvas;
    const style = getComputedStyle(document.body);
    const inks = ["--fig-1", "--fig-2"].map((name) => bytes(style.getPropertyValue(name)));
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(width, height);
    for (let row = 0, place = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1, place += 4) {
        const share = Math.max(-1, Math.min(1, value(row, column) / range[1]));
        picture.data.set(inks[share < 0 ? 1 : 0], place);
        picture.data[place + 3] = Math.round(255 * Math.abs(share));
      }
    }
    context.putImageData(picture, 0, 0);
  }

  #move(row, column) {
    const { width, height } = this.canvas;
    this.#cursor = [clamp(row, height), clamp(column, width)];
    const [y, x] = this.#cursor;
    Object.assign(this.mark.style, {
      left: `${(100 * x) / width}%`,
      top: `${(100 * y) / height}%`,
      width: `${100 / width}%`,
      height: `${100 / height}%`,
    });
    this.told.textContent = this.#data.describe(y, x);
  }

  #point(event) {
    if (!this.#data || (event.type === "pointermove" && event.pointerType === "touch" && !event.buttons)) return;
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.canvas.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.canvas.width);
    this.#move(row, column);
  }

  #key(event) {
    const step = MOVES[event.key];
    if (!step || !this.#data || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#move(this.#cursor[0] + step[0], this.#cursor[1] + step[1]);
    clearTimeout(this.#timer); // said when the cursor rests
    this.#timer = setTimeout(() => (this.spoken.textContent = this.told.textContent), 400);
  }
}

const clamp = (place, size) => Math.max(0, Math.min(size - 1, place));
const labels = (text) => [...text].map((c) => make("i", {}, visible(c)));
const bytes = (colour) => colour.trim().match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
