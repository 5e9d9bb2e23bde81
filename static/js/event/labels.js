// What was it? A list of which one is right; a click corrects at once.

import { attr, el, icon, text } from "../dom.js";
import * as words from "../words.js";

/** The labels in the order of their keys, 1 to 5. */
export const LABELS = ["animal", "person", "vehicle", "environment", "unknown"];

const share = (event, label) =>
  event.label === label ? event.confidence : event.alternatives.find((other) => other.label === label)?.confidence;

export class Labels {
  #rows;
  node;

  /** `pick(label)`: somebody knows better. */
  constructor(pick) {
    this.#rows = LABELS.map((label, i) =>
      el(
        "button",
        { type: "button", role: "radio", on: { click: () => pick(label) } },
        icon(words.labelIcon(label), true),
        el("span", {}, words.labelName(label)),
        el("span", { class: "meter", "aria-hidden": "true" }, el("i")),
        el("span", { class: "p" }),
        el("kbd", { "aria-hidden": "true" }, String(i + 1)),
      ),
    );
    this.node = el("div", { class: "cls", role: "radiogroup", "aria-label": "What was it?" }, this.#rows);
    this.node.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const here = this.#rows.indexOf(document.activeElement);
      if (!by || here < 0) return;
      event.preventDefault();
      this.#rows[(here + by + this.#rows.length) % this.#rows.length].focus();
    });
  }

  show(event) {
    const said = event.label_by === "person";
    this.#rows.forEach((row, i) => {
      const chosen = event.label === LABELS[i];
      const likely = share(event, LABELS[i]) ?? 0;
      attr(row, "aria-checked", String(chosen));
      attr(row, "tabindex", chosen ? 0 : -1);
      const [, , meter, percent] = row.children;
      meter.firstChild.style.width = `${Math.round(likely * 100)}%`;
      text(percent, said && chosen ? "said" : likely > 0 ? `${Math.round(likely * 100)} %` : "–");
    });
  }
}
