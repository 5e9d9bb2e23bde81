// What Nightjar says of a picture: tags and one sentence. Calm: the sentence holds for a second before it changes.

import { el, icon, keyed, setIcon, text } from "../dom.js";
import * as words from "../words.js";

const HOLD_MS = 1_000;
const TAGS = 3;

/** Regions with the one that matters most first. */
export function ranked(regions) {
  const weight = ({ box: [, , w, h], confidence = 0 }) => (0.2 + confidence) * w * h;
  return [...regions].sort((a, b) => weight(b) - weight(a));
}

export class Said {
  #tags = el("div");
  #voice = el("p", { class: "voice" });
  #quiet = el("p", { class: "q" }); // its own element: a text that jumps to another size would count as a shift of the page
  #changed = -Infinity;
  #mode = "";
  #block = el("div", {}, this.#tags, this.#voice, this.#quiet);
  node = el("div", { class: "said" }, this.#block);

  /** `moving`: with these `regions`; else the quiet `words` stand. */
  show(moving, regions, quiet) {
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
