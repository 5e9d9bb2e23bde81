// The zones as a list: the same as on the picture, for those who do not see or point at it, with names, kinds and sensitivity.

import { attr, el, icon, keyed, text } from "../dom.js";
import { writeZone, zoneParts } from "../single/facts.js";
import * as words from "../words/zones.js";
import { field, complain } from "./fields.js";

const FACTORS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10];
const nearest = (factor) =>
  FACTORS.reduce(
    (best, one, i) => (Math.abs(Math.log(one / factor)) < Math.abs(Math.log(FACTORS[best] / factor)) ? i : best),
    0,
  );

export class ZoneEditList {
  #draft;
  #list = el("ul", { class: "zl edit" });
  #none = el("p", { class: "s mute" }, words.NONE);
  node = el("div", {}, this.#none, this.#list);

  constructor(draft) {
    this.#draft = draft;
    draft.addEventListener("change", () => this.#draw());
    this.#draw();
  }

  /** The row of a zone, to put the focus on its name. */
  focusName(id) {
    const name = this.#list.querySelector(`[data-key="${id}"] input`);
    name?.focus();
    name?.select(); // a new name is typed over the old one
  }

  focusRow(i) {
    (this.#list.children[i] ?? this.#list.lastElementChild)?.querySelector("button")?.focus();
  }

  /** Shows what the server said of one field of zone number `i`; returns whether there is such a place. */
  complain(i, key, message) {
    const zone = this.#draft.zones[i];
    if (!zone) return false;
    this.#draft.select(zone.id);
    const row = this.#list.children[i];
    const place = row?.querySelector(`[data-field="${key}"]`) ?? row?.querySelector('[data-field="points"]');
    if (place) complain(place, message);
    return Boolean(place);
  }

  #draw() {
    const { zones, selected } = this.#draft;
    this.#none.hidden = zones.length > 0;
    keyed(
      this.#list,
      zones,
      ({ id }) => id,
      ({ id }) => this.#make(id),
      (row, zone) => this.#write(row, zone, zone.id === selected),
    );
  }

  #make(id) {
    const draft = this.#draft;
    const head = el(
      "button",
      { class: "zrow", on: { click: () => draft.select(draft.selected === id ? null : id) } },
      zoneParts(),
    );
    const name = el("input", {
      class: "field",
      maxlength: 64,
      autocomplete: "off",
      on: { input: () => draft.set(id, "name", name.value), change: () => draft.seal() },
    });
    const kinds = el(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": "Kind" },
      Object.entries(words.KINDS).map(([kind, { choice }]) => this.#kind(id, kind, choice)),
    );
    const factor = el("input", {
      type: "range",
      min: 0,
      max: FACTORS.length - 1,
      step: 1,
      on: { input: () => draft.set(id, "sensitivity", FACTORS[factor.value]), change: () => draft.seal() },
    });
    return el(
      "li",
      {},
      head,
      el(
        "div",
        { class: "zedit" },
        field("name", "Name", name),
        field("kind", "Kind", kinds),
        field("sensitivity", "Sensitivity here", factor),
        field("points", "Corners", el("p", { class: "s mute" })),
        el(
          "button",
          { class: "btn quiet", on: { click: () => this.#remove(id) } },
          icon("trash", true),
          "Remove zone",
        ),
      ),
    );
  }

  #kind(id, kind, choice) {
    const input = el("input", {
      type: "radio",
      name: `kind-${id}`,
      value: kind,
      on: { change: () => this.#draft.set(id, "kind", kind) },
    });
    return el("label", {}, input, choice);
  }

  #remove(id) {
    const at = this.#draft.zones.findIndex((zone) => zone.id === id);
    this.#draft.removeZone(id);
    this.focusRow(at);
  }

  #write(row, zone, selected) {
    const [head, edit] = row.children;
    writeZone(head.children, zone);
    attr(head, "aria-expanded", String(selected));
    edit.hidden = !selected;
    if (!selected) return;
    const [name, kind, factor, points] = ["name", "kind", "sensitivity", "points"].map((key) =>
      edit.querySelector(`[data-field="${key}"]`),
    );
    const input = name.querySelector("input");
    if (input.value !== zone.name) input.value = zone.name;
    for (const radio of kind.querySelectorAll("input")) radio.checked = radio.value === zone.kind;
    text(kind.querySelector(".hint"), words.KINDS[zone.kind]?.does ?? "");
    factor.hidden = zone.kind !== "include";
    const range = factor.querySelector("input");
    const at = nearest(zone.sensitivity);
    range.value = at;
    range.style.setProperty("--v", `${(at / (FACTORS.length - 1)) * 100}%`);
    attr(range, "aria-valuetext", words.effect(zone));
    text(
      factor.querySelector(".hint"),
      `${words.effect(zone)} for the whole camera`.replace(/^as set.*/, "As set for the whole camera."),
    );
    text(points.querySelector("p"), words.corners(zone));
  }
}
