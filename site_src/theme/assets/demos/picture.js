// A small picture in the page's own ink, which follows light and dark.
import { make } from "./dom.js";

export const bytes = (colour) => colour.trim().match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));

// Fills a canvas: share(row, column) is how much ink, below 0 of a second one.
export function paint(canvas, share) {
  const { width, height } = canvas;
  const style = getComputedStyle(document.body);
  const inks = ["--fig-1", "--fig-2"].map((name) => bytes(style.getPropertyValue(name)));
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let row = 0, place = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, place += 4) {
      const ink = Math.max(-1, Math.min(1, share(row, column)));
      picture.data.set(inks[ink < 0 ? 1 : 0], place);
      picture.data[place + 3] = Math.round(255 * Math.abs(ink));
    }
  }
  context.putImageData(picture, 0, 0);
}

export class Picture {
  #values = null;

  constructor(height, width) {
    this.canvas = make("canvas", { class: "demo-cells" });
    Object.assign(this.canvas, { width, height });
    this.watch = new MutationObserver(() => this.#paint());
    this.watch.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  }

  // Shows values by row; the lower limit is drawn as nothing, the upper as full ink.
  show(values, [low, high]) {
    this.#values = Array.from(values, (value) => Math.max(0, (value - low) / (high - low)));
    this.#paint();
  }

  stop() {
    this.watch.disconnect();
  }

  #paint() {
    const { width } = this.canvas;
    if (this.#values) paint(this.canvas, (row, column) => this.#values[row * width + column]);
  }
}
