// How a model is read: step by step with a state, or a window at a time. Each reader's
// read(tokens, current) gives {scores, inside(n, channel, text, label)}: the scores of the
// next token, and what a heat map shows of the n-th inner value; null when `current()`
// says on the way that nobody waits for it any more. A window's also has at(place), the
// scores of any place.
import { looks, units } from "./values.js";

export const readerOf = (settings, run) =>
  settings.context ? new Window(settings, run) : new Steps(settings, run);

const long = (numbers) => BigInt64Array.from(numbers, BigInt);

// One token and the state go in. What was computed for the beginning of a text is kept,
// so that a character more costs one step.
class Steps {
  #steps = []; // of each token: {token, state, scores, inner}
  #turn = Promise.resolve();

  constructor(settings, run) {
    this.settings = settings;
    this.run = run;
  }

  read(tokens, current) {
    const reading = this.#turn.then(() => this.#read(tokens, current));
    this.#turn = reading.catch(() => {});
    return reading;
  }

  async #read(tokens, current) {
    const steps = this.#steps;
    const same = tokens.findIndex((token, n) => steps[n]?.token !== token);
    steps.length = same < 0 ? tokens.length : same;
    while (steps.length < tokens.length) {
      if (!current()) return null;
      steps.push(await this.#step(tokens[steps.length], steps.at(-1)?.state));
    }
    const kept = [...steps];
    return {
      scores: kept.at(-1)?.scores,
      inside: (...wanted) => this.#inside(kept, ...wanted),
    };
  }

  async #step(token, state) {
    const inputs = { tokens: ["int64", long([token]), [1, 1]] };
    this.settings.state.forEach((sizes, n) => {
      const count = sizes.reduce((product, size) => product * size, 1);
      inputs[`state_${n}`] = ["float32", state?.[n] ?? new Float32Array(count), sizes];
    });
    const outputs = await this.run(inputs);
    return {
      token,
      state: this.settings.state.map((_, n) => outputs[`state_${n}_next`].data),
      scores: outputs.scores.data,
      inner: this.settings.inner.map((_, n) => outputs[`inner_${n}`].data),
    };
  }

  // Units by characters, in the order that the page gives them.
  #inside(steps, n, channel, text, label) {
    const { order, shown } = this.settings;
    const last = steps.slice(-shown);
    const at = (unit, column) => last[column].inner[n][channel * order.length + unit];
    return units(at, order, text.slice(-last.length), label);
  }
}

// The last tokens go in, as many as the model reads at once.
class Window {
  constructor(settings, run) {
    this.settings = settings;
    this.run = run;
  }

  async read(tokens, current) {
    const seen = tokens.slice(-this.settings.context);
    if (!seen.length) return { scores: undefined };
    const outputs = await this.run({ tokens: ["int64", long(seen), [1, seen.length]] });
    if (!current()) return null;
    const { data } = outputs.scores;
    const size = data.length / seen.length;
    return {
      scores: data.slice(data.length - size),
      at: (place) => data.slice(place * size, (place + 1) * size),
      inside: (n, channel, text, label) =>
        inside(outputs[`inner_${n}`].data, channel, text.slice(-seen.length), label),
    };
  }
}

// Characters by characters.
function inside(data, channel, text, label) {
  const size = text.length;
  return looks((row, column) => data[(channel * size + row) * size + column], text, text, label);
}
