// What a heat map shows, and what is said of each of its cells; see heat-map.js.
import { visible } from "./dom.js";

const quoted = (name) => `‘${visible(name)}’`;
export const shown = (value) => value.toFixed(2).replace("-", "−");

// Units by names: `at(unit, column)` is a number, `order` the units from top to bottom. A
// column without a name stands between what was read and what was written.
export function units(at, order, columns, label) {
  const value = (row, column) => at(order[row], column);
  const describe = (row, column) => {
    if (!columns[column]) return "Before this place it reads, after it writes.";
    const all = order.map((_, unit) => value(unit, column));
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    const [low, high] = [Math.min(...all), Math.max(...all)].map(shown);
    return (
      `${label} of unit ${order[row] + 1} at ${quoted(columns[column])}: ` +
      `${shown(value(row, column))}. All ${all.length} units there: mean ` +
      `${shown(mean)}, from ${low} to ${high}.`
    );
  };
  return { rows: order.length, columns, value, describe };
}

// Names by names: who looks at whom.
export function looks(value, rows, columns, label) {
  const describe = (row, column) => {
    const seen = [...columns].map((_, place) => place).filter((place) => value(row, place) > 0);
    const most = seen.sort((a, b) => value(row, b) - value(row, a)).slice(0, 3);
    const told = most.map((place) => `${quoted(columns[place])} ${shown(value(row, place))}`);
    const here = `${label} from ${quoted(rows[row])} to ${quoted(columns[column])}`;
    return `${here}: ${shown(value(row, column))}. Most from there: ${told.join(", ")}.`;
  };
  return { rows, columns, value, describe };
}
