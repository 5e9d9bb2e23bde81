// A clip that can be played, in two kinds: a video, and pictures one by one (MJPEG, which browsers do not play). Both tell
// `frame(seconds)` with each picture that is on screen, `state()` when they play, stop or can play, and `failed()`.

import { url } from "../api.js";
import { el } from "../dom.js";

const AHEAD = 16; // pictures asked for before they are due
const NUDGES = 5;
const SAME_MS = 150; // a frame that has not come by then is the one that is shown

/** The reel of an event that has a clip. */
export const reelOf = (event, told) =>
  event.clip.codec === "mjpeg" ? new Stills(event, told) : new Video(event, told);

class Video {
  #told;
  #rate = 1;
  #spf;
  #waiting = null;
  time = 0;
  node = el("video", {
    class: "shot",
    preload: "metadata",
    playsinline: true,
    disablepictureinpicture: true,
    tabindex: -1,
  });

  constructor(event, told) {
    const { node } = this;
    this.#told = told;
    this.#spf = event.duration_s / Math.max(1, event.frames - 1);
    node.muted = true;
    node.src = url(event.clip.url).href;
    for (const type of ["play", "pause", "canplay", "ended"]) node.addEventListener(type, () => told.state());
    node.addEventListener("error", () => node.getAttribute("src") && told.failed());
    if (node.requestVideoFrameCallback) this.#watch();
    else for (const type of ["play", "seeked"]) node.addEventListener(type, () => this.#follow());
  }

  /** Enough has come to play. */
  get ready() {
    return this.node.readyState >= 2;
  }

  get playing() {
    return !this.node.paused && !this.node.ended;
  }

  get ended() {
    return this.node.ended;
  }

  set rate(rate) {
    this.#rate = rate;
    this.node.playbackRate = rate;
  }

  play() {
    this.node.preload = "auto";
    this.node.play().then(
      () => (this.node.playbackRate = this.#rate),
      () => this.#told.state(), // the browser may refuse until somebody asks
    );
  }

  pause() {
    this.node.pause();
  }

  seek(time) {
    this.node.currentTime = Math.min(time, Number.isFinite(this.node.duration) ? this.node.duration - 0.001 : time);
  }

  /** Goes one frame on or back. How long a frame lasts is not known, so it goes in small steps until another is seen. */
  async step(by) {
    this.pause();
    const from = this.time;
    for (let i = 1; i <= NUDGES && this.time === from; i += 1) {
      const seen = new Promise((resolve) => (this.#waiting = resolve));
      this.seek(Math.max(0, by > 0 ? from + 0.55 * this.#spf * i : from - 0.3 * this.#spf * i));
      await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, SAME_MS))]);
    }
  }

  close() {
    this.node.removeAttribute("src");
    this.node.load();
  }

  #watch() {
    this.node.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#seen(mediaTime);
      this.#watch();
    });
  }

  #follow() {
    this.#seen(this.node.currentTime);
    if (this.playing) requestAnimationFrame(() => this.#follow());
  }

  #seen(time) {
    this.time = time;
    this.#waiting?.();
    this.#told.frame(time);
  }
}

class Stills {
  #event;
  #told;
  #pictures = new Map();
  #times;
  #shown = -1;
  #wanted = 0;
  #last = 0;
  #loop = 0;
  #at = 0;
  playing = false;
  rate = 1;
  node = el("canvas", { class: "shot" });

  constructor(event, told) {
    this.#event = event;
    this.#told = told;
    const { frames, duration_s: length } = event;
    this.#times = Array.from({ length: Math.max(1, frames) }, (_, n) => (n * length) / Math.max(1, frames - 1));
    this.#ask(0);
  }

  /** The times of the frames, if each of them was looked at. */
  set moments(moments) {
    if (moments.length === this.#times.length) this.#times = moments.map(({ at_s: at }) => at);
  }

  get ready() {
    return this.#has(0);
  }

  get time() {
    return this.#times[Math.max(0, this.#shown)];
  }

  get ended() {
    return this.#shown === this.#times.length - 1 && !this.playing;
  }

  play() {
    if (this.playing) return;
    if (this.ended) this.#at = 0;
    this.playing = true;
    this.#last = performance.now();
    this.#loop = requestAnimationFrame((now) => this.#step(now));
    this.#told.state();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.#loop);
    this.#told.state();
  }

  seek(time) {
    this.#at = time;
    this.#show(this.#number(time));
  }

  step(by) {
    this.pause();
    const n = Math.min(this.#times.length - 1, Math.max(0, this.#shown + by));
    this.seek(this.#times[n]);
  }

  close() {
    this.pause();
    this.#pictures.clear();
  }

  #number(time) {
    const after = this.#times.findIndex((at) => at > time + 1e-3);
    return Math.max(0, (after < 0 ? this.#times.length : after) - 1);
  }

  #step(now) {
    const due = this.#at + ((now - this.#last) / 1000) * this.rate;
    this.#last = now;
    const n = this.#number(due);
    for (let i = 1; i <= AHEAD; i += 1) this.#ask(n + i * Math.max(1, this.rate >> 1));
    this.#ask(n);
    if (this.#has(n)) this.#at = due; // a picture that is late is waited for
    if (n !== this.#shown) this.#show(n);
    if (due >= this.#times.at(-1) && this.#shown === this.#times.length - 1) return this.pause();
    this.#loop = requestAnimationFrame((next) => this.#step(next));
  }

  #has = (n) => this.#pictures.get(n)?.naturalWidth > 0;

  #ask(n) {
    if (n < 0 || n >= this.#times.length || this.#pictures.has(n)) return this.#pictures.get(n);
    const image = new Image();
    image.src = url(`${this.#event.clip.url.replace(/clip\.mp4.*$/, "")}frames/${n}.jpg`).href;
    image.addEventListener("load", () => {
      if (n === 0) this.#told.state();
      if (n === this.#wanted) this.#show(n);
    });
    image.addEventListener("error", () => {
      if (n === 0) this.#told.failed();
      this.#pictures.set(n, this.#pictures.get(Math.max(0, this.#shown))); // the one before stays
    });
    this.#pictures.set(n, image);
    for (const old of this.#pictures.keys()) if (old !== 0 && Math.abs(old - n) > 4 * AHEAD) this.#pictures.delete(old);
    return image;
  }

  #show(n) {
    this.#wanted = n;
    const image = this.#ask(n);
    if (!this.#has(n)) return;
    const { naturalWidth: w, naturalHeight: h } = image;
    if (this.node.width !== w || this.node.height !== h) Object.assign(this.node, { width: w, height: h });
    this.node.getContext("2d", { alpha: false }).drawImage(image, 0, 0);
    this.#shown = n;
    this.#told.frame(this.#times[n]);
  }
}
