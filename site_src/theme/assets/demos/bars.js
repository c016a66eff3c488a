// The likeliest tokens with their chances: a list of buttons.
import { make, spoken, visible } from "./dom.js";

const percent = (share) => `${(100 * share).toFixed(1)}\u202f%`;

export class Bars {
  #rows;

  // `count` rows; `choose` is called with the token of the one that is pressed; `verb`
  // says what that does; `id` names the element that says what the list is.
  constructor({ count, choose, verb, id }) {
    this.verb = verb;
    this.#rows = Array.from({ length: count }, () => this.#row(choose));
    const items = this.#rows.map((row) => row.item);
    this.element = make("ol", { class: "demo-next", "aria-labelledby": id }, ...items);
  }

  #row(choose) {
    const row = {
      shown: make("b", { "aria-hidden": "true" }),
      said: make("span", { class: "demo-hidden" }),
      share: make("span", { class: "demo-share" }),
      chance: make("span", { class: "demo-chance" }),
      token: "",
    };
    const track = make("span", { class: "demo-bar" }, row.share);
    const press = () => choose(row.token);
    const button = make("button", { type: "button", click: press }, row.shown, row.said, track, row.chance);
    row.item = make("li", {}, button);
    return row;
  }

  // Shows the highest of the shares, which belong to the tokens in their order.
  show(shares, tokens) {
    const best = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    this.#rows.forEach((row, rank) => {
      const number = best[rank];
      row.item.hidden = number === undefined;
      if (row.item.hidden) return;
      row.token = tokens[number];
      row.shown.textContent = visible(row.token);
      row.said.textContent = `${this.verb} ${spoken(row.token)}`;
      row.share.style.width = `${100 * shares[number]}%`;
      row.chance.textContent = percent(shares[number]);
    });
  }
}
