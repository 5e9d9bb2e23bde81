// One event as it can be shown: its poster at once, then its clip and what moved in it. Made ahead for the events that come next.

import { url } from "../api.js";
import { el } from "../dom.js";
import { events } from "../events/model.js";
import { altOf } from "../events/words.js";
import { reelOf } from "./reel.js";
import { Track } from "./track.js";

export class Film {
  event;
  poster = null;
  reel = null;
  /** What moved, once that is known. */
  track = null;
  /** Who shows it: `frame(seconds)`, `state()`, `failed()`, `learnt()`. */
  shower = null;
  failed = false;
  #asked = false;

  constructor(event, camera) {
    this.event = event;
    const { poster } = event.pictures;
    if (!poster) return;
    const { width, height } = event.size;
    const alt = altOf(event, camera);
    this.poster = el("img", { class: "shot poster-shot", width, height, alt, fetchpriority: "high", src: url(poster).href });
    this.poster.decode().catch(() => {});
  }

  /** Lets the first bytes of the clip come, and what moved in it. */
  load() {
    if (!this.reel && this.event.clip && !this.failed)
      this.reel = reelOf(this.event, {
        frame: (time) => this.shower?.frame(time),
        state: () => this.shower?.state(),
        failed: () => {
          this.failed = true;
          this.shower?.failed();
        },
      });
    if (!this.#asked) void this.#learn();
  }

  /** Takes what is new about the event; a clip that came with the end of its recording is loaded. */
  renew(event) {
    this.event = event;
    if (this.#asked) this.load();
  }

  close() {
    this.shower = null;
    this.reel?.close();
    this.reel = null;
  }

  async #learn() {
    this.#asked = true;
    try {
      this.track = new Track(await events.track(this.event.id), this.event.size);
      if (this.reel && "moments" in this.reel) this.reel.moments = this.track.moments;
    } catch {
      this.track = new Track({}, this.event.size); // without it there are no boxes; the clip plays all the same
    }
    this.shower?.learnt();
  }
}
