// Somebody's words about an event: kept when the field is left; what was typed stays where keeping it failed.

import { patch } from "../api.js";
import { attr, el, text } from "../dom.js";

export class Note {
  #event = null;
  #drafts = new Map(); // id → what could not be kept, and why
  #kept;
  #field = el("textarea", { class: "field", id: "event-note", rows: 2, "aria-describedby": "event-note-said" });
  #said = el("p", { class: "s", id: "event-note-said", role: "status" });
  node = el(
    "section",
    { class: "note-of", "aria-label": "Note" },
    el("label", { class: "h", for: "event-note" }, "Note"),
    this.#field,
    this.#said,
  );

  /** `kept(event)`: the server has it. */
  constructor(kept) {
    this.#kept = kept;
    this.#field.addEventListener("change", () => this.#keep(this.#event, this.#field.value));
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
      event.preventDefault();
      this.#field.blur();
    });
  }

  show(event) {
    const other = event.id !== this.#event?.id;
    this.#event = event;
    if (!other && document.activeElement === this.#field) return; // what is being typed is not touched
    const draft = this.#drafts.get(event.id);
    this.#field.value = draft?.value ?? event.note;
    if (other || draft) this.#tell(draft?.why ?? "", draft !== undefined);
  }

  async #keep(event, value) {
    if (value === event.note && !this.#drafts.has(event.id)) return;
    try {
      const kept = await patch(`api/v1/events/${encodeURIComponent(event.id)}`, { note: value });
      this.#drafts.delete(event.id);
      this.#kept(kept);
      if (this.#event.id === event.id) this.#tell("Kept.");
    } catch (error) {
      const why = `Not kept yet. ${error.message} Leave the field again to try once more.`;
      this.#drafts.set(event.id, { value, why });
      if (this.#event.id === event.id) this.#tell(why, true);
    }
  }

  #tell(words, wrong = false) {
    text(this.#said, words);
    attr(this.#said, "class", wrong ? "s wrong" : "s faint");
    attr(this.#field, "aria-invalid", wrong ? "true" : null);
  }
}
