// One setting in a form: reads what holds, keeps what was typed, checks it, gives what is to be sent.

import { attr, el, text } from "../dom.js";
import * as words from "../words/settings.js";
import { complain, field } from "./fields.js";

export class Control {
  #spec;
  #input;
  #hint;
  #held; // what the server holds, as the control shows it
  #was = undefined; // what was typed over
  node;

  /** `onChange()` is called after every change by the user. */
  constructor(spec, onChange) {
    this.#spec = spec;
    this.#input = make(spec);
    const told = () => {
      complain(this.node, null);
      this.#hinted();
      onChange();
    };
    if (spec.control === "switch")
      this.#input.addEventListener("click", () => {
        if (this.#input.getAttribute("aria-disabled") === "true") return;
        attr(this.#input, "aria-checked", String(!this.#shown));
        told();
      });
    else this.#input.addEventListener("input", told);
    this.#input.addEventListener("change", () => this.check());
    const box = spec.unit
      ? el("span", { class: "unit" }, this.#input, el("span", { class: "s faint" }, spec.unit))
      : null;
    this.node = field(spec.key, spec.label, this.#input);
    if (box) this.node.insertBefore(box, this.node.children[1] ?? null);
    if (box) box.prepend(this.#input);
    this.#hint = this.node.querySelector(".hint");
  }

  get key() {
    return this.#spec.key;
  }

  get changed() {
    return !this.node.hidden && this.#shown !== this.#held;
  }

  /** As the server takes it. */
  get value() {
    const { control, to = (value) => value } = this.#spec;
    return control === "number" || control === "range" ? to(Number(this.#shown)) : this.#shown;
  }

  get #shown() {
    const { control, choices } = this.#spec;
    if (control === "switch") return this.#input.getAttribute("aria-checked") === "true";
    if (control === "range") return Number(this.#input.value);
    if (control === "choice") return choices.find(([value]) => String(value) === this.#input.value)?.[0];
    if (control === "number") return this.#input.value.trim() === "" ? "" : Number(this.#input.value);
    return this.#input.value.trim();
  }

  /** Shows what holds; what was typed over stays, unless `anew`. */
  show(info, anew) {
    const holds = this.#spec.from(info);
    this.node.hidden = holds === undefined;
    if (holds === undefined) return;
    const typed = !anew && this.#was !== undefined && this.changed;
    this.#held = holds;
    this.#was = holds;
    if (!typed) this.#put(holds);
    if (anew) complain(this.node, null);
    const by = info.locked?.[this.#spec.key];
    const input = this.#input;
    if (this.#spec.control === "switch") attr(input, "aria-disabled", by ? "true" : null);
    else input.disabled = Boolean(by);
    this.#hinted(by);
  }

  /** What was shown is what holds now. */
  settle() {
    this.#held = this.#shown;
  }

  focus() {
    this.#input.focus();
  }

  /** Says what is wrong with what was typed; returns whether nothing is. */
  check() {
    const { control } = this.#spec;
    const wrong =
      control === "number"
        ? words.wrongNumber(this.#spec, this.#input.value)
        : control === "text" && this.#shown === ""
          ? "It needs a name."
          : null;
    complain(this.node, wrong);
    return wrong === null;
  }

  #put(value) {
    if (this.#spec.control === "switch") attr(this.#input, "aria-checked", String(value));
    else if (document.activeElement !== this.#input || this.#input.value === "" || this.#spec.control === "choice")
      this.#input.value = value;
    else this.#input.value = value;
  }

  #hinted(by) {
    const { hint, control, least, most } = this.#spec;
    if (control === "range") this.#input.style.setProperty("--v", `${((this.#shown - least) / (most - least)) * 100}%`);
    if (by) return text(this.#hint, words.locked(by));
    text(this.#hint, hint ? hint(this.#shown) : "");
    if (hint) attr(this.#input, "aria-valuetext", hint(this.#shown));
  }
}

function make({ control, least, most, step = 1, choices = [], label }) {
  if (control === "switch")
    return el(
      "button",
      { class: "switch", role: "switch", "aria-checked": "false", "aria-label": label },
      el("i", { "aria-hidden": "true" }),
    );
  if (control === "choice")
    return el(
      "select",
      { class: "field" },
      choices.map(([value, word]) => el("option", { value: String(value) }, word)),
    );
  if (control === "range") return el("input", { type: "range", min: least, max: most, step });
  if (control === "number")
    return el("input", {
      type: "number",
      class: "field",
      min: least,
      max: most,
      step,
      inputmode: step === 1 ? "numeric" : "decimal",
    });
  return el("input", { type: "text", class: "field", maxlength: 64, autocomplete: "off" });
}
