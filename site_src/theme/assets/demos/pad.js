// A pad of grey pixels to draw on, with mouse, touch or keys, in the page's own ink.
import { make } from "./dom.js";

const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STRIDE = 4; // pixels that an arrow moves with Shift

export class Pad {
  #last = null; // where the pointer was, while it draws
  #down = false; // whether the pen of the keys is down
  #timer = 0;

  // `size` is [height, width], `brush` the pen's radius in pixels; `changed` is called
  // after every change.
  constructor([height, width], brush, changed) {
    Object.assign(this, { height, width, brush, changed });
    this.pixels = new Float32Array(height * width);
    this.pen = [width / 2, height / 2];
    this.canvas = make("canvas", { class: "demo-cells", width, height });
    this.mark = make("div", { class: "demo-cursor demo-pen" });
    this.field = make(
      "div",
      {
        class: "demo-field demo-pad",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "drawing pad",
        "aria-label": "Image; arrow keys move the pen, Space puts it down and lifts it, Delete clears",
        keydown: (event) => this.#key(event),
        pointerdown: (event) => this.#start(event),
        pointermove: (event) => this.#draw(event),
        pointerup: () => (this.#last = null),
        pointercancel: () => (this.#last = null),
        blur: () => this.#lift(),
      },
      this.canvas,
      this.mark,
    );
    this.spoken = make("p", { class: "demo-hidden", role: "status" });
    this.watch = new MutationObserver(() => this.#paint());
    this.watch.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    this.#place();
  }

  stop() {
    this.watch.disconnect();
    clearTimeout(this.#timer);
  }

  set(pixels) {
    this.pixels = Float32Array.from(pixels);
    this.#done();
  }

  clear() {
    this.set(new Float32Array(this.height * this.width));
  }

  // Moves the image; what leaves the pad is lost.
  shift(right, down) {
    const { height, width, pixels } = this;
    const at = (row, column) =>
      row >= 0 && row < height && column >= 0 && column < width ? pixels[row * width + column] : 0;
    this.set(pixels.map((_, n) => at(Math.floor(n / width) - down, (n % width) - right)));
  }

  // Ink along a line: full within the radius, thinning out over one pixel.
  #stroke([fromX, fromY], [toX, toY]) {
    const { height, width, pixels, brush } = this;
    const long = (toX - fromX) ** 2 + (toY - fromY) ** 2;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const [x, y] = [column + 0.5, row + 0.5];
        const along = long ? ((x - fromX) * (toX - fromX) + (y - fromY) * (toY - fromY)) / long : 0;
        const part = Math.max(0, Math.min(1, along));
        const away = Math.hypot(x - fromX - part * (toX - fromX), y - fromY - part * (toY - fromY));
        const ink = Math.max(0, Math.min(1, brush + 0.5 - away));
        const place = row * width + column;
        pixels[place] = Math.max(pixels[place], ink);
      }
    }
    this.#done();
  }

  #done() {
    this.#paint();
    this.changed();
  }

  #paint() {
    const ink = getComputedStyle(document.body).getPropertyValue("--fig-1");
    const bytes = ink.trim().match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(this.width, this.height);
    this.pixels.forEach((value, n) => {
      picture.data.set(bytes, 4 * n);
      picture.data[4 * n + 3] = Math.round(255 * value);
    });
    context.putImageData(picture, 0, 0);
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.width,
      ((event.clientY - box.top) / box.height) * this.height,
    ];
  }

  #start(event) {
    if (event.button) return;
    this.field.setPointerCapture(event.pointerId);
    this.#last = this.#point(event);
    this.#stroke(this.#last, this.#last);
  }

  #draw(event) {
    if (!this.#last) return;
    const now = this.#point(event);
    this.#stroke(this.#last, now);
    this.#last = now;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = MOVES[event.key];
    if (step) {
      const far = event.shiftKey ? STRIDE : 1;
      const before = this.pen;
      const within = (place, size) => Math.max(0.5, Math.min(size - 0.5, place));
      this.pen = [
        within(before[0] + far * step[0], this.width),
        within(before[1] + far * step[1], this.height),
      ];
      if (this.#down) this.#stroke(before, this.pen);
    } else if (event.key === " ") {
      this.#down = !this.#down;
      if (this.#down) this.#stroke(this.pen, this.pen);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else return;
    event.preventDefault();
    this.#place();
  }

  #lift() {
    this.#down = false;
    this.#place();
  }

  #place() {
    const [x, y] = this.pen;
    this.mark.classList.toggle("down", this.#down);
    Object.assign(this.mark.style, {
      left: `${(100 * x) / this.width}%`,
      top: `${(100 * y) / this.height}%`,
    });
    clearTimeout(this.#timer); // said when the pen rests
    const where = `Pen ${this.#down ? "down" : "up"}, row ${Math.ceil(y)}, column ${Math.ceil(x)}`;
    this.#timer = setTimeout(() => (this.spoken.textContent = where), 400);
  }
}
