// How a model that reads one text and writes another is run. A translator's
// translate(source) gives, word after word, {word, chance, inside(n, channel)}: the number
// of the word written, and what a heat map shows of the n-th map.
import { looks, units } from "./values.js";

export const translatorOf = (settings, run) =>
  settings.steps ? new Stepwise(settings, run) : new Whole(settings, run);

const long = (numbers) => ["int64", BigInt64Array.from(numbers, BigInt), [1, numbers.length]];

// The likeliest word, and how likely it is.
function likeliest(scores) {
  const top = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
  return { word: scores.indexOf(top), chance: 1 / total };
}

// Names of the columns and of the rows of a map; units have none.
function axes({ written, vocabulary, ends }, [rows, columns], source, words) {
  const read = source.map((n) => vocabulary[n]);
  const target = words.map((n) => written[n]);
  const before = [written[ends[0]], ...target.slice(0, -1)];
  return {
    rows: { source: read, target }[rows],
    columns: {
      source: read,
      target: rows === "units" ? target : before,
      "source target": [...read, "", ...target],
    }[columns],
  };
}

class Translator {
  constructor(settings, run) {
    this.settings = settings;
    this.run = run;
  }

  async *translate(source) {
    const { ends, limits } = this.settings;
    const words = [];
    for await (const { scores, values } of this.steps(source, words)) {
      const { word, chance } = likeliest(scores);
      words.push(word);
      const soFar = [...words];
      const inside = (n, channel) => this.#inside(n, channel, source, soFar, values);
      yield { word, chance, inside };
      if (word === ends[1] || words.length === limits[1]) return;
    }
  }

  #inside(n, channel, source, words, values) {
    const { maps, order } = this.settings;
    const { label, axes: sides } = maps[n];
    const { rows, columns } = axes(this.settings, sides, source, words);
    const at = values(n, channel, columns.length, rows?.length);
    return rows ? looks(at, rows, columns, label) : units(at, order, columns, label);
  }
}

// One word of the source and one of the target go in, each with its state.
class Stepwise extends Translator {
  async *steps(source, words) {
    const { directions, memory, read_of, write_of } = this.settings.steps;
    const count = source.length;
    const seen = new Float32Array(count * memory);
    const nothing = long(Array(directions).fill(0));
    const read = [];
    let state = {};
    for (let here = 0; here < count; here += 1) {
      const ways = [here, count - 1 - here].slice(0, directions);
      const found = await this.#step(long(ways.map((place) => source[place])), long([0]), state, seen, count);
      state = carried(found, "reading");
      ways.forEach((place, way) => {
        const size = memory / directions;
        if (memory) seen.set(found.shown.data.subarray(way * size, (way + 1) * size), place * memory + way * size);
      });
      read.push(found);
    }
    state = {};
    for (const [name, { data }] of Object.entries(read.at(-1))) {
      if (name.startsWith("begin")) state[name.replace("begin", "writing")] = data;
    }
    const written = [];
    for (;;) {
      const token = words.length ? words.at(-1) : this.settings.ends[0];
      const found = await this.#step(nothing, long([token]), state, seen, count);
      state = carried(found, "writing");
      written.push(found);
      const steps = [...written];
      const values = (n, channel, width) => {
        const { label, axes: [rows] } = this.settings.maps[n];
        if (rows !== "units") return (row, column) => steps[row][`looks_${n}`].data[channel * width + column];
        const parts = [[read, "read", read_of], [steps, "write", write_of]];
        const sides = parts
          .filter(([, , labels]) => labels.includes(label))
          .map(([side, name, labels]) => side.map((one) => one[`${name}_${labels.indexOf(label)}`].data));
        const columns = sides.length > 1 ? [...sides[0], null, ...sides[1]] : sides[0];
        return (unit, column) => columns[column]?.[channel * this.settings.order.length + unit] ?? 0;
      };
      yield { scores: found.scores.data, values };
    }
  }

  // What is not given is zero.
  #step(source, target, state, seen, count) {
    const { reading, writing, memory } = this.settings.steps;
    const inputs = { source, target };
    for (const [side, parts] of [["writing", writing], ["reading", reading]]) {
      parts.forEach((sizes, n) => {
        const name = `${side}_${n}`;
        const size = sizes.reduce((product, one) => product * one, 1);
        inputs[name] = ["float32", state[name] ?? new Float32Array(size), sizes];
      });
    }
    if (memory) inputs.memory = ["float32", seen.slice(), [1, count, memory]];
    return this.run(inputs);
  }
}

// The source and the words written so far go in.
class Whole extends Translator {
  async *steps(source, words) {
    for (;;) {
      const target = [this.settings.ends[0], ...words];
      const found = await this.run({ source: long(source), target: long(target) });
      const size = this.settings.written.length;
      const values = (n, channel, width, height) => (row, column) =>
        found[`looks_${n}`].data[(channel * height + row) * width + column];
      yield { scores: found.scores.data.slice(-size), values };
    }
  }
}

// The states that a step gave, as the next one takes them.
function carried(found, side) {
  const state = {};
  for (const [name, { data }] of Object.entries(found)) {
    if (name.startsWith(side)) state[name.replace("_next", "")] = data;
  }
  return state;
}
