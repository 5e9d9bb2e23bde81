// What stands over a picture that is not live: opening, lost, ended, stopped. Cause, one thing to do, next try.

import { attr, el, svg, text } from "../dom.js";
import * as words from "../words.js";

const ROUND = 2 * Math.PI * 8;
const RETRY_REST_MS = 2_000;

/** Which layer a camera needs: "opening", "trouble", or null while its picture is live. */
function layerOf(camera, hasPicture) {
  const { state } = camera.info.source;
  if (camera.lost) return "trouble";
  if (state === "opening" || (state === "live" && !hasPicture)) return "opening";
  return state === "live" ? null : "trouble";
}

export class StateLayer {
  #kind = null;
  #parts = {};
  #onRetry;
  node = el("div", { class: "state", hidden: true });

  /** `onRetry()` is called by "Try now". */
  constructor(onRetry) {
    this.#onRetry = onRetry;
  }

  /** Shows what the camera needs; returns the kind of layer, or null. `lastPictureMs`: age of the last picture or null. */
  show(camera, hasPicture, lastPictureMs) {
    const kind = layerOf(camera, hasPicture);
    if (kind !== this.#kind) this.#build(kind);
    if (kind === "opening") text(this.#parts.asked, words.asked(camera.info.source));
    if (kind === "trouble") this.#trouble(camera, lastPictureMs);
    return kind;
  }

  #build(kind) {
    this.#kind = kind;
    this.node.hidden = kind === null;
    if (kind === "opening") {
      const asked = el("p", { class: "m" });
      this.#parts = { asked };
      this.node.replaceChildren(
        el("p", { class: "voice l" }, "Waiting for the first picture"),
        el("div", { class: "pulse", "aria-hidden": "true" }),
        asked,
      );
    } else if (kind === "trouble") this.#buildTrouble();
    else this.node.replaceChildren();
  }

  #buildTrouble() {
    const circle = svg("circle", { class: "v", cx: 10, cy: 10, r: 8 });
    const count = el("span");
    this.#parts = {
      title: el("p", { class: "t" }),
      mend: el("p", { class: "m" }),
      button: el("button", { type: "button", class: "btn", on: { click: () => this.#retry() } }, "Try now"),
      next: el(
        "span",
        { class: "next" },
        svg(
          "svg",
          { class: "ring", viewBox: "0 0 20 20", "aria-hidden": "true" },
          svg("circle", { cx: 10, cy: 10, r: 8 }),
          circle,
        ),
        count,
      ),
      circle,
      count,
    };
    const { title, mend, button, next } = this.#parts;
    this.#parts.row = el("div", { class: "row" }, button, next);
    this.node.replaceChildren(title, mend, this.#parts.row);
  }

  #trouble(camera, lastPictureMs) {
    const { title, mend, row, circle, count } = this.#parts;
    const said = words.trouble(camera.info.source.state, camera.problem, lastPictureMs);
    text(title, said.title);
    text(mend, said.mend);
    attr(title, "title", said.title);
    attr(mend, "title", said.mend);
    row.hidden = !camera.lost;
    if (row.hidden) return;
    const rest = Math.max(0, (camera.nextTryAt ?? 0) - performance.now());
    text(count, words.nextTry(rest));
    attr(circle, "stroke-dasharray", `${((rest / camera.nextTryTotal) * ROUND).toFixed(1)} 60`);
  }

  /** The button keeps its focus while it rests, so it is not disabled but deaf. */
  #retry() {
    const { button } = this.#parts;
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    setTimeout(() => button.removeAttribute("aria-disabled"), RETRY_REST_MS);
    this.#onRetry();
  }
}
