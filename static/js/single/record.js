// Recording by hand: a button that starts and ends an event of one camera, and says while one is being recorded.

import { cameraPath, post } from "../api.js";
import { attr, el, icon, text } from "../dom.js";
import { events } from "../events/model.js";
import { showToast } from "../notice.js";
import * as words from "../words.js";

export class Record {
  #camera = null;
  #word = el("span");
  node = el(
    "button",
    { class: "btn rec", on: { click: () => this.#ask() } },
    icon("rec", true),
    this.#word,
  );

  constructor() {
    for (const type of ["change", "gone"]) events.addEventListener(type, () => this.#camera && this.show(this.#camera));
  }

  get #event() {
    return events.open.find(({ camera, origin }) => camera === this.#camera.id && origin === "manual");
  }

  /** Shows how it stands with a camera; called once a second, too. */
  show(camera) {
    this.#camera = camera;
    const event = this.#event;
    const seconds = event && Math.floor((Date.now() - Date.parse(event.start_time)) / 1000);
    attr(this.node, "aria-pressed", String(Boolean(event)));
    attr(this.node, "aria-label", event ? "Stop recording" : "Record this camera");
    text(this.#word, event ? `Stop, ${words.length(Math.max(1, seconds))}` : "Record");
  }

  /** What it led to comes with the news. */
  async #ask() {
    try {
      await post(cameraPath(this.#camera.id, "/recording"), { action: this.#event ? "stop" : "start" });
    } catch (error) {
      showToast(error.message, error.requestId);
    }
  }
}
