// What stands beside the player: what it was, why it was recorded, the facts, and somebody's words.

import { patch, post } from "../api.js";
import { attr, el, icon, keyed, rich, text } from "../dom.js";
import { showToast } from "../notice.js";
import { addressOf } from "../router.js";
import { makeRow, writeRow } from "../single/why.js";
import * as words from "../words.js";
import * as said from "./words.js";

/** The labels in the order of their keys, 1 to 5. */
export const LABELS = ["animal", "person", "vehicle", "environment", "unknown"];

const share = (event, label) =>
  event.label === label ? event.confidence : event.alternatives.find((other) => other.label === label)?.confidence;

/** What was it? A list of which one is right; a click corrects at once. */
export class Labels {
  #rows;
  node;

  /** `pick(label)`: somebody knows better. */
  constructor(pick) {
    this.#rows = LABELS.map((label, i) =>
      el(
        "button",
        { role: "radio", on: { click: () => pick(label) } },
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
  node = el(
    "section",
    { class: "reason", "aria-label": "Why it fired" },
    el("div", {}, this.#sentence, this.#deed),
    this.#table,
  );

  show(event, track) {
    text(this.#sentence, said.reason(event));
    text(this.#deed, said.deed(event));
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
      said.remarks(event),
      (sentence) => sentence,
      (sentence) => el("li", { class: "s" }, sentence),
    );
    this.#first.hidden = !event.part_of;
    if (event.part_of) this.#first.href = addressOf("event", event.part_of);
    keyed(
      this.#rows,
      said.rows(event, camera),
      ([name]) => name,
      ([name]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {})),
      (row, [, value]) => text(row.lastChild, value),
    );
  }
}

/** Where else it is, or is to be. */
export class Ways {
  #event = null;
  #asked;
  #list = el("ul", { class: "ways-of" });
  node = el("section", { "aria-label": "Handed over" }, el("h2", { class: "h" }, "Handed over"), this.#list);

  /** `asked()`: it was asked for anew, so that how it stands is another thing soon. */
  constructor(asked) {
    this.#asked = asked;
  }

  show(event) {
    this.#event = event;
    const { uploads = [] } = event;
    this.node.hidden = uploads.length === 0;
    keyed(
      this.#list,
      uploads,
      ({ remote }) => remote,
      ({ remote }) =>
        el(
          "li",
          { class: "s" },
          el("span", {}, el("b", {}, remote), " ", el("span"), el("span", { class: "why faint" })),
          el(
            "button",
            {
              class: "btn",
              "aria-label": `Try again: ${remote}`,
              on: { click: () => this.#again(remote) },
            },
            "Try again",
          ),
        ),
      ({ firstChild, lastChild }, upload) => {
        const [, how, why] = firstChild.children;
        const failed = upload.state === "failed";
        text(how, said.standing(upload));
        attr(how, "class", failed ? "wrong" : "mute");
        rich(why, upload.state !== "done" && upload.why ? words.sentenceOf(upload.why) : "");
        lastChild.hidden = !failed && !(upload.state === "owed" && upload.attempts > 0);
      },
    );
  }

  async #again(remote) {
    try {
      await post("api/v1/uploads/retry", { event: this.#event.id, remote });
      this.#asked();
    } catch (error) {
      showToast(error.message, error.requestId);
    }
  }
}

/** Kept when the field is left; what was typed stays where that failed. */
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
    this.#field.addEventListener("blur", () => this.#keep(this.#event, this.#field.value));
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
