// One event as it can be shown: its poster at once, then its clip and what moved in it. Made ahead for those that come next.

import { url } from "../api.js";
import { el } from "../dom.js";
import { events, isOpen } from "../events/model.js";
import { altOf } from "../events/words.js";
import { reelOf } from "./reel.js";

const GAP_S = 0.8; // a box does not outlive its moment by more
const PATH_S = 20; // of the path that leads to a box

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
  #camera;

  constructor(event, camera) {
    this.event = event;
    this.#camera = camera;
    this.#pose();
  }

  #pose() {
    const { poster } = this.event.pictures;
    if (!poster || this.poster) return;
    const { width, height } = this.event.size;
    const alt = altOf(this.event, this.#camera);
    this.poster = el("img", { class: "shot poster-shot", width, height, alt, src: url(poster).href });
    this.poster.decode().catch(() => {}); // ahead of the moment that it is shown
  }

  /** Lets the first bytes of the clip come, and what moved in it. */
  load() {
    if (isOpen(this.event)) return;
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

  /** Takes what is new about the event; who shows it loads what came with the end of a recording. */
  renew(event) {
    this.event = event;
    this.#pose();
    if (this.shower) this.load();
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

/** What moved at which moment of a clip. */
class Track {
  moments;
  gates;
  #size;
  #paths = new Map(); // track → its centres, oldest first

  /** `told` is the server's answer, `size` the pixels that its boxes are in. */
  constructor(told, size) {
    this.moments = told.moments ?? [];
    this.gates = told.gates ?? [];
    this.#size = size;
    for (const { at_s: at, boxes } of this.moments)
      for (const { track, rect } of boxes) {
        const [x, y, w, h] = this.#shares(rect);
        if (!this.#paths.has(track)) this.#paths.set(track, []);
        this.#paths.get(track).push({ at, point: [x + w / 2, y + h / 2] });
      }
  }

  #shares([x, y, w, h]) {
    const { width, height } = this.#size;
    return [x / width, y / height, w / width, h / height];
  }

  /** The boxes at a time of the clip, as regions in shares; between two moments a box is where it must have been. */
  at(time) {
    const after = this.moments.findIndex(({ at_s: at }) => at > time + 1e-3);
    const here = this.moments[(after < 0 ? this.moments.length : after) - 1];
    const next = after < 0 ? undefined : this.moments[after];
    if (!here) return [];
    const between = next && next.at_s - here.at_s <= GAP_S ? (time - here.at_s) / (next.at_s - here.at_s) : 0;
    if (time - here.at_s > GAP_S) return [];
    return here.boxes.map(({ track, rect, label }) => {
      const then = next?.boxes.find((other) => other.track === track)?.rect ?? rect;
      const share = Math.min(1, Math.max(0, between));
      const box = this.#shares(rect.map((from, i) => from + (then[i] - from) * share));
      const trail = (this.#paths.get(track) ?? []).filter(({ at }) => at <= time + 1e-3 && at > time - PATH_S);
      return { track, box, label, trail: trail.map(({ point }) => point) };
    });
  }

  /** The most that moved in each of `n` equal parts of `length` seconds, 0 to 1 of the most at all. */
  bars(n, length) {
    const bars = new Array(n).fill(0);
    this.moments.forEach(({ at_s: at, motion }, i) => {
      const end = Math.min(this.moments[i + 1]?.at_s ?? at, at + GAP_S);
      const last = Math.min(n - 1, Math.max(0, Math.ceil((end / length) * n) - 1));
      for (let bar = Math.min(n - 1, Math.floor((at / length) * n)); bar <= last; bar += 1)
        bars[bar] = Math.max(bars[bar], motion);
    });
    const most = Math.max(...bars, 1e-6);
    return bars.map((motion) => motion / most);
  }
}
