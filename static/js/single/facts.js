// What is known of one camera, in rows.

import { attr, el, keyed, text } from "../dom.js";
import { addressOf } from "../router.js";
import * as facts from "../words/facts.js";
import * as zoneWords from "../words/zones.js";

export class Facts {
  #rows = el("tbody");
  node = el(
    "section",
    { class: "panel", "aria-label": "The camera" },
    el("h2", { class: "h" }, "The camera"),
    el("table", { class: "facts" }, this.#rows),
  );

  /** `ageMs` of the picture on screen, or null; `silent` while nothing is heard of the camera. */
  show(camera, ageMs, silent) {
    keyed(this.#rows, facts.rows(camera, ageMs, silent), ([name]) => name, makeRow, writeRow);
  }
}

function makeRow([name]) {
  return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, el("span", { class: "end-anchored" })));
}

function writeRow(row, [, value]) {
  text(row.lastElementChild.firstElementChild, value);
}

export class ZoneList {
  #list = el("ul", { class: "zl" });
  #none = el("p", { class: "s mute" }, zoneWords.NONE);
  #tune = el("a", { class: "btn" }, "Draw zones");
  node = el(
    "section",
    { class: "panel", "aria-label": "Zones" },
    el("div", { class: "between" }, el("h2", { class: "h" }, "Zones"), this.#tune),
    this.#list,
    this.#none,
  );

  show(camera) {
    attr(this.#tune, "href", addressOf("tune", camera.id));
    this.#none.hidden = camera.zones.length > 0;
    keyed(
      this.#list,
      camera.zones.map((zone, i) => ({ zone, i })),
      ({ i }) => i,
      () => el("li", {}, zoneParts()),
      ({ children }, { zone }) => writeZone(children, zone),
    );
  }
}

/** What a zone's row in a list is made of. */
export const zoneParts = () => [
  el("span", { class: "sw", "aria-hidden": "true" }),
  el("span", {}, el("span"), " ", el("span", { class: "faint" })),
  el("span", { class: "mute" }),
];

export function writeZone([swatch, said, effect], zone) {
  attr(swatch, "class", `sw ${zone.kind}`);
  text(said.firstElementChild, zone.name);
  text(said.lastElementChild, zoneWords.kindWord(zone.kind));
  text(effect, zoneWords.effect(zone));
}
