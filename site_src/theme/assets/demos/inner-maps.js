// What a heat map shows of a value inside a model that looks at an image: all maps of a
// layer side by side, or how much one place looks at each of the others.
import { shown } from "./values.js";

export const viewOf = (settings, part) =>
  part.looking ? new Looks(settings, part) : new Maps(part);

// Values (1, C, Y, X): C small images with a line between them.
class Maps {
  constructor(part) {
    this.part = part;
  }

  show(data, [, count, tall, wide]) {
    const across = Math.ceil(Math.sqrt(count));
    const down = Math.ceil(count / across);
    const find = (row, column) => {
      const map = Math.floor(row / (tall + 1)) * across + Math.floor(column / (wide + 1));
      const [y, x] = [row % (tall + 1), column % (wide + 1)];
      const inside = y < tall && x < wide && map < count;
      return { map, y, x, value: inside ? data[(map * tall + y) * wide + x] : null };
    };
    const describe = (row, column) => {
      const { map, y, x, value } = find(row, column);
      if (value === null) return "Between two maps.";
      const all = data.slice(map * tall * wide, (map + 1) * tall * wide);
      const [low, high] = [Math.min(...all), Math.max(...all)].map(shown);
      return (
        `${this.part.channels[map]} at row ${y + 1}, column ${x + 1}: ${shown(value)}. ` +
        `The whole map: ${low} to ${high}.`
      );
    };
    return {
      rows: down * (tall + 1) - 1,
      columns: across * (wide + 1) - 1,
      value: (row, column) => find(row, column).value ?? 0,
      describe,
    };
  }
}

// Values (1, heads, T, T): the row of one place, laid out as the places lie.
class Looks {
  constructor({ patches: [down, across] }, { label, extra }) {
    Object.assign(this, { down, across, label, first: extra ? 1 : 0 });
    const places = Array.from({ length: down * across }, (_, n) => {
      const row = Math.floor(n / across) + 1;
      return `row ${row}, column ${(n % across) + 1}`;
    });
    this.names = extra ? ["the extra token", ...places] : places;
  }

  show(data, [, , size], channel, from) {
    const start = (channel * size + from) * size + this.first;
    const value = (row, column) => data[start + row * this.across + column];
    const describe = (row, column) => {
      const all = data.slice(start, start + this.down * this.across);
      const order = [...all.keys()].sort((a, b) => all[b] - all[a]).slice(0, 3);
      const most = order.map((n) => `${this.names[n + this.first]} ${shown(all[n])}`);
      return (
        `${this.label} from ${this.names[from]} to row ${row + 1}, column ${column + 1}: ` +
        `${shown(value(row, column))}. Most from there: ${most.join("; ")}.`
      );
    };
    return { rows: this.down, columns: this.across, value, describe };
  }
}
