// Why it fired, in a sentence and a bar for each gate; the same for what was held back.

import { attr, el, keyed, text } from "../dom.js";
import * as words from "../words.js";
import { gateBar, gateWords } from "../words/gates.js";

const NOTHING = {
  fired: "Nothing has fired yet. When something does, its reasons stand here.",
  missed: "Nothing was held back lately.",
};

/** One of the two: "fired" or "missed". */
class Reason {
  #kind;
  #shown = "";
  #sentence = el("p", { class: "voice l" });
  #meta = el("p", { class: "s faint" });
  #rows = el("tbody");
  #gates;
  node;

  constructor(kind, title) {
    this.#kind = kind;
    this.#gates = el(
      "details",
      { open: kind === "fired" },
      el("summary", { class: "s" }, "What was asked of it"),
      el(
        "table",
        { class: "gates" },
        el(
          "thead",
          { class: "sr" },
          el(
            "tr",
            {},
            ["Gate", "Bar", "Value", "Limit"].map((word) => el("th", { scope: "col" }, word)),
          ),
        ),
        this.#rows,
      ),
    );
    this.node = el(
      "section",
      { class: "panel why", "aria-label": title },
      el("h2", { class: "h" }, title),
      this.#sentence,
      this.#meta,
      this.#gates,
    );
  }

  /** Shows a reason of the server's, or that there is none; returns whether anything changed. */
  show(why) {
    const key = why ? `${why.time} ${why.track} ${why.sentence} ${why.gates.length}` : "none";
    if (key === this.#shown) return false;
    this.#shown = key;
    attr(this.node, "data-why", why ? why.time : null);
    text(this.#sentence, why?.sentence ?? "");
    this.#sentence.hidden = !why;
    text(this.#meta, why ? `${words.labelName(why.label)}, ${words.timeOf(why.time)}` : NOTHING[this.#kind]);
    this.#gates.hidden = !why || why.gates.length === 0;
    keyed(this.#rows, why?.gates ?? [], (gate) => gate.name, makeRow, writeRow);
    return true;
  }
}

export function makeRow() {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }),
    el("td", { class: "m", "aria-hidden": "true" }, el("span", { class: "bullet" }, el("i"), el("b"))),
    el("td", { class: "v" }),
    el("td", { class: "v faint" }),
  );
}

export function writeRow(row, gate) {
  const [name, bar, value, limit] = row.children;
  const said = gateWords(gate);
  const at = gateBar(gate);
  const [filled, mark] = bar.firstElementChild.children;
  text(name, said.name);
  text(value, said.value);
  text(limit, said.limit);
  filled.style.width = `${at.value * 100}%`;
  mark.style.left = `${at.limit * 100}%`;
  attr(row, "data-failed", gate.passed ? null : "true");
  attr(value, "aria-label", gate.passed ? null : `${said.value}, not met`);
}

export class WhyPanel {
  #fired = new Reason("fired", "Why it fired");
  #missed = new Reason("missed", "The newest near miss");
  node = el("div", { class: "whys" }, this.#fired.node, this.#missed.node);

  /** Shows the newest of both kinds; put back rather than moved, so that nothing of the page shifts under the eye. */
  show({ fired, missed }) {
    const changed = [this.#fired.show(fired), this.#missed.show(missed)].some(Boolean);
    if (changed && !this.node.contains(document.activeElement))
      this.node.replaceChildren(this.#fired.node, this.#missed.node);
  }
}
