// Why it was recorded, and the facts.

import { el, keyed, text } from "../dom.js";
import { addressOf } from "../router.js";
import { makeRow, writeRow } from "../single/why.js";
import * as words from "./words.js";

export class Reason {
  #sentence = el("h1", { class: "voice" });
  #deed = el("p", { class: "s mute" });
  #gates = el("tbody");
  #table = el(
    "table",
    { class: "gates" },
    el("caption", { class: "sr" }, "What was asked of it, with value and limit"),
    this.#gates,
  );
  node = el("section", { class: "reason", "aria-label": "Why it fired" }, el("div", {}, this.#sentence, this.#deed), this.#table);

  show(event, track) {
    text(this.#sentence, words.reason(event));
    text(this.#deed, words.deed(event));
    keyed(this.#gates, track?.gates ?? [], (gate) => gate.name, makeRow, writeRow);
  }
}

export class Facts {
  #remarks = el("ul", { class: "remarks" });
  #rows = el("tbody");
  #first = el("a", { class: "link s" }, "Go to the first part");
  node = el(
    "section",
    { "aria-label": "Facts" },
    this.#remarks,
    this.#first,
    el("table", { class: "facts" }, this.#rows),
  );

  show(event, camera) {
    keyed(
      this.#remarks,
      words.remarks(event),
      (sentence) => sentence,
      (sentence) => el("li", { class: "s" }, sentence),
    );
    this.#first.hidden = !event.part_of;
    if (event.part_of) this.#first.href = addressOf("event", event.part_of);
    keyed(
      this.#rows,
      words.rows(event, camera),
      ([name]) => name,
      ([name]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {})),
      (row, [, value]) => text(row.lastChild, value),
    );
  }
}
