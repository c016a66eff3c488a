// A heat map with a cursor, for mouse, touch and arrow keys, in the page's own inks.
import { make, visible } from "./dom.js";
import { paint } from "./picture.js";

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
  // the scale, a number, and what is said of a cell; `columns` and `rows` are strings of
  // characters or lists of words where they have names, otherwise numbers. Without names
  // it is an image. `cursor` is where it starts, if not at the end.
  show(data) {
    this.#data = data;
    const named = typeof data.rows !== "number";
    const spelled = typeof data.columns !== "number";
    const height = named ? data.rows.length : data.rows;
    const width = spelled ? data.columns.length : data.columns;
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.classList.toggle("tall", spelled && !named);
    this.canvas.style.aspectRatio = spelled ? "" : `${width} / ${height}`;
    this.side.replaceChildren(...(named ? labels(data.rows) : []));
    this.foot.replaceChildren(...(spelled ? labels(data.columns) : []));
    const words = spelled && [...data.columns].some((name) => [...name].length > 1);
    this.foot.classList.toggle("words", words);
    this.#paint();
    const [row, column] = this.#cursor;
    this.#move(...(data.cursor ?? [named ? height - 1 : row, spelled ? width - 1 : column]));
  }

  stop() {
    this.watch.disconnect();
    clearTimeout(this.#timer);
  }

  #paint() {
    if (!this.#data) return;
    const { value, range } = this.#data;
    paint(this.canvas, (row, column) => value(row, column) / range[1]);
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
const labels = (names) => [...names].map((name) => make("i", {}, visible(name)));
