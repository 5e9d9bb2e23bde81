// The clip as a strip of barring: a stroke is how much moved, the shade is what was kept from before it fired. It is the scrubber.

import { attr, el, svg, text } from "../dom.js";
import * as words from "../words.js";
import { clipTime } from "./words.js";

const STROKE_PX = 5;
const HIGH = 52;
const REACH = 23; // half the longest stroke
const LEAST = 0.75; // half of what stands for nothing

export class Strip {
  #seek;
  #event = null;
  #track = null;
  #shown = "";
  #shade = svg("rect", { class: "shade", height: HIGH });
  #strokes = svg("path", { class: "t" });
  #bar = svg("svg", { class: "bar", preserveAspectRatio: "none", "aria-hidden": "true" }, this.#shade, this.#strokes);
  #head = el("i", { class: "head", "aria-hidden": "true" });
  #rail = el("div", { class: "rail", role: "slider", tabindex: 0, "aria-label": "Position" }, this.#bar, this.#head);
  #before = el("span");
  #fired = el("span");
  #end = el("span");
  #axis = el("div", { class: "axis", "aria-hidden": "true" }, this.#before, this.#fired, this.#end);
  node = el("div", { class: "reel" }, this.#rail, this.#axis);

  /** `seek(seconds)`: somebody wants to be there. */
  constructor(seek) {
    this.#seek = seek;
    this.#rail.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#rail.setPointerCapture(event.pointerId);
      this.#pointed(event);
    });
    this.#rail.addEventListener("pointermove", (event) => {
      if (this.#rail.hasPointerCapture(event.pointerId)) this.#pointed(event);
    });
    this.#rail.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.#rail);
  }

  get #length() {
    return Math.max(this.#event?.duration_s ?? 0, 0.1);
  }

  #pointed(event) {
    const { left, width } = this.#rail.getBoundingClientRect();
    this.#seek(Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.#length);
  }

  #key(event) {
    const now = Number(this.#rail.getAttribute("aria-valuenow"));
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[event.key];
    const to =
      event.key === "Home" ? 0 : event.key === "End" ? this.#length : by && now + by * (event.shiftKey ? 5 : 1);
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#seek(Math.min(this.#length, Math.max(0, to)));
  }

  /** Shows an event's strip; `track` is null until it is known. */
  show(event, track) {
    this.#event = event;
    this.#track = track;
    const { lead_s: lead, duration_s: length } = event;
    const start = Date.parse(event.start_time);
    text(this.#before, lead >= 0.5 ? `−${Math.round(lead)} s` : words.timeOf(start));
    const fired = event.origin === "motion" && lead > 0;
    text(this.#fired, fired ? `fired ${words.timeOf(start + lead * 1000)}` : "");
    text(this.#end, words.timeOf(start + length * 1000));
    const share = lead / this.#length;
    this.#fired.style.left = `${share * 100}%`;
    attr(this.#fired, "data-late", share > 0.5);
    this.#before.style.visibility = fired && share < 0.12 ? "hidden" : "";
    this.#end.style.visibility = fired && share > 0.5 ? "hidden" : "";
    this.#axis.replaceChildren(...this.#axis.children); // put back rather than moved: nothing shifts
    attr(this.#rail, "aria-valuemin", 0);
    attr(this.#rail, "aria-valuemax", length.toFixed(1));
    this.#draw();
  }

  /** The position, seconds. */
  at(time) {
    const share = Math.min(1, Math.max(0, time / this.#length));
    this.#head.style.transform = `translateX(${share * 100}%)`;
    attr(this.#rail, "aria-valuenow", time.toFixed(1));
    attr(this.#rail, "aria-valuetext", `${clipTime(time)} of ${clipTime(this.#length)}`);
  }

  #draw() {
    const n = Math.max(20, Math.floor(this.#rail.clientWidth / STROKE_PX));
    if (!this.#event || n === 20) return;
    const key = `${this.#event.id} ${this.#length} ${n} ${this.#track?.moments.length}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const wide = n * STROKE_PX;
    attr(this.#bar, "viewBox", `0 0 ${wide} ${HIGH}`);
    attr(this.#shade, "width", (this.#event.lead_s / this.#length) * wide);
    const bars = this.#track?.bars(n, this.#length) ?? [];
    const stroke = (share, i) => {
      const half = LEAST + (REACH - LEAST) * Math.sqrt(share);
      return `M${i * STROKE_PX + 2.5} ${(HIGH / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    };
    attr(this.#strokes, "d", bars.map(stroke).join(""));
  }
}
