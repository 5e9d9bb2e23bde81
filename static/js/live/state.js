// What stands over a picture that is not live: opening, lost, refused, ended, stopped. Cause, one thing to do, next try.

import { attr, el, rich, svg, text } from "../dom.js";
import * as words from "../words.js";

const ROUND = 2 * Math.PI * 8;
const RETRY_REST_MS = 2_000;

/** Which layer a camera needs: "opening", "trouble", or null while its picture is live. */
function layerOf(camera, { hasPicture, refused }) {
  const { state } = camera.info.source;
  if (camera.lost) return "trouble";
  if (state === "live" && refused) return "trouble";
  if (state === "opening" || (state === "live" && !hasPicture)) return "opening";
  return state === "live" ? null : "trouble";
}

export class StateLayer {
  #kind = null;
  #asked = el("p", { class: "m" });
  #title = el("p", { class: "t" });
  #brief = el("p", { class: "b" }); // instead of the title where the tile is small
  #here;
  #there;
  node = el("div", { class: "state", hidden: true });
  /** The same advice for below the picture: on a phone the picture is too small for it. */
  below = el("div", { class: "remedy", hidden: true });

  /** `onRetry()` is called by "Try now". */
  constructor(onRetry) {
    this.#here = new Remedy(onRetry);
    this.#there = new Remedy(onRetry);
    this.below.append(...this.#there.nodes);
  }

  /**
   * Shows what the camera needs; returns the kind of layer, or null. `seen`: `hasPicture`, `lastPictureMs` (its age or null),
   * `refused` (null, or why the server sends no frames: `{ problem, nextTryAt, nextTryTotal }`), `silent` (the server itself is not heard).
   */
  show(camera, seen) {
    const kind = layerOf(camera, seen);
    if (kind !== this.#kind) this.#build(kind);
    if (kind === "opening") text(this.#asked, words.asked(camera.info.source));
    if (kind === "trouble") this.#trouble(camera, seen);
    return kind;
  }

  #build(kind) {
    this.#kind = kind;
    this.node.hidden = kind === null;
    this.below.hidden = kind !== "trouble";
    if (kind === "opening") {
      const pulse = el("div", { class: "pulse", "aria-hidden": "true" });
      this.node.replaceChildren(el("p", { class: "voice l" }, "Waiting for the first picture"), pulse, this.#asked);
    } else if (kind === "trouble") this.node.replaceChildren(this.#title, this.#brief, ...this.#here.nodes);
    else this.node.replaceChildren();
  }

  #trouble(camera, { lastPictureMs, refused, silent }) {
    const { state } = camera.info.source;
    const of = camera.lost ? camera : (refused ?? camera);
    const said = words.trouble(of === camera ? state : "lost", of.problem, lastPictureMs);
    rich(this.#title, said.title);
    attr(this.#title, "title", words.plain(said.title));
    text(this.#brief, words.troubleBrief(of === camera ? state : "lost", of.problem));
    for (const remedy of [this.#here, this.#there])
      remedy.show(said.mend, silent || camera.over ? null : of);
  }
}

/** What to do, and when Nightjar tries again by itself. */
class Remedy {
  #mend = el("p", { class: "m" });
  #button;
  #circle = svg("circle", { class: "v", cx: 10, cy: 10, r: 8 });
  #count = el("span");
  #row;

  constructor(onRetry) {
    this.#button = el("button", { class: "btn", on: { click: () => this.#retry(onRetry) } }, "Try now");
    const ring = { class: "ring", viewBox: "0 0 20 20", "aria-hidden": "true" };
    const next = el(
      "span",
      { class: "next" },
      svg("svg", ring, svg("circle", { cx: 10, cy: 10, r: 8 }), this.#circle),
      this.#count,
    );
    this.#row = el("div", { class: "row" }, this.#button, next);
  }

  get nodes() {
    return [this.#mend, this.#row];
  }

  /** `tried`: what holds `nextTryAt` (performance.now) and `nextTryTotal` (ms); null where no try helps. */
  show(mend, tried) {
    rich(this.#mend, mend);
    attr(this.#mend, "title", words.plain(mend));
    this.#row.hidden = tried === null;
    if (tried === null) return;
    const rest = Math.max(0, (tried.nextTryAt ?? 0) - performance.now());
    text(this.#count, words.nextTry(rest));
    attr(this.#circle, "stroke-dasharray", `${((rest / tried.nextTryTotal) * ROUND).toFixed(1)} 60`);
  }

  /** The button keeps its focus while it rests, so it is not disabled but deaf. */
  #retry(onRetry) {
    const button = this.#button;
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    setTimeout(() => button.removeAttribute("aria-disabled"), RETRY_REST_MS);
    onRetry();
  }
}
