// What Nightjar says of a picture: tags and one sentence. Calm: the sentence holds for a second before it changes.

import { ranked } from "../cameras.js";
import { el, icon, keyed, setIcon, text } from "../dom.js";
import * as words from "../words.js";

const HOLD_MS = 1_000;
const TAGS = 3;

export class Said {
  #tags = el("div");
  #voice = el("p", { class: "voice" });
  #quiet = el("p", { class: "q" }); // its own element: a text that jumps to another size would count as a shift of the page
  #why = el("p", { class: "y", hidden: true });
  #changed = -Infinity;
  #mode = "";
  #block = el("div", {}, this.#tags, this.#voice, this.#quiet, this.#why);
  node = el("div", { class: "said" }, this.#block);

  /** `moving`: with these `regions`, and `why` that counts; else the `quiet` words stand. */
  show(moving, regions, quiet, why = "") {
    this.#because(moving ? why : "");
    const mode = moving ? "moving" : quiet;
    const now = performance.now();
    if (mode === this.#mode && (!moving || now - this.#changed < HOLD_MS)) return;
    if (moving && regions.length === 0 && this.#mode === "moving") return; // between two decisions the sentence stays
    this.#mode = mode;
    this.#changed = now;
    if (this.#voice.hidden === moving) this.node.replaceChildren(this.#block); // put back rather than grown, which would count as a shift too
    this.#voice.hidden = !moving;
    this.#quiet.hidden = moving;
    text(moving ? this.#voice : this.#quiet, moving ? words.sentence(regions) : quiet);
    // the ones that matter, in an order that does not change while they move
    const shown = moving
      ? ranked(regions)
          .slice(0, TAGS)
          .sort((a, b) => a.track - b.track)
      : [];
    keyed(this.#tags, shown, (region) => region.track, makeTag, writeTag);
  }

  /** The reason stands below the sentence; the block is put back rather than grown, as below. */
  #because(why) {
    if (this.#why.textContent === why) return;
    if (this.#why.hidden !== (why === "")) this.node.replaceChildren(this.#block);
    this.#why.hidden = why === "";
    text(this.#why, why);
  }

  /** How much of the picture the words take, pixels. */
  get extent() {
    return { w: this.#block.offsetWidth, h: this.#block.offsetHeight };
  }

  get sentence() {
    return (this.#voice.hidden ? this.#quiet : this.#voice).textContent;
  }
}

function makeTag() {
  return el("span", { class: "tag" }, icon("unknown", true), el("span"));
}

function writeTag(node, region) {
  setIcon(node.firstChild, words.labelIcon(region.label));
  text(node.lastChild, words.tag(region));
}
