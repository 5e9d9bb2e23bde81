// What a screen reader is told of the cameras: what moves, what is lost and what is back. Everywhere the same, whatever is shown.

import { ranked } from "./cameras.js";
import { sayMotion, sayState } from "./notice.js";
import * as words from "./words.js";

const LABEL_WAIT_MS = 1_500; // a start is told with its label, if one comes soon

export class Herald {
  #cameras;
  #told = new Set(); // whose movement was told
  #lost = new Set(); // whose loss

  constructor(cameras) {
    this.#cameras = cameras;
    cameras.addEventListener("list", () => {
      for (const camera of cameras.all) if (camera.lost) this.#lost.add(camera.id);
    });
    cameras.addEventListener("camera", ({ detail }) => this.#changed(detail));
    cameras.addEventListener("motion", ({ detail }) => {
      if (!detail.moving) this.#told.delete(detail.id);
      this.tick();
    });
  }

  /** Once a second, and with every decision. */
  tick() {
    for (const camera of this.#cameras.all) {
      if (!camera.moving || this.#told.has(camera.id)) continue;
      const regions = ranked(camera.regions);
      const labelled = regions.some(({ label }) => label !== "unknown");
      if (!labelled && performance.now() - camera.movingSince < LABEL_WAIT_MS) continue;
      this.#told.add(camera.id);
      sayMotion(camera.id, `${camera.name}: ${words.brief(regions)}`);
    }
  }

  #changed(camera) {
    const { state } = camera.info.source;
    if (state === "lost" && !this.#lost.has(camera.id)) {
      this.#lost.add(camera.id);
      sayState(`${camera.name} is lost. ${words.plain(words.trouble(state, camera.problem, null).title)}.`);
    }
    if (state === "live" && this.#lost.delete(camera.id)) sayState(`${camera.name} is back.`);
  }
}
