// What moves, drawn over the picture: corner brackets, a dotted trail that fades, a label where there are several.
// Follows smoothly; asks for animation frames only while something moves or fades.

import { calm } from "../dom.js";
import { overlap, placed } from "./fit.js";

const FOLLOW_MS = 45;
const FADE_MS = 160;
const DOT_GAP = 7;
const FAINT = 0.35;
const PAD = 4;
const HALO = "#000a";
const ACCENT = "#ffc163"; // --pic-accent; the same in both themes
const ON_ACCENT = "#1d1304";

export class Overlay {
  #canvas;
  #context;
  #marks = new Map();
  #frame = 0;
  #last = 0;
  #settings = { boxes: true, trail: true, labels: false, held: null };
  #at = { x: 0, y: 0, w: 0, h: 0 };
  #size = { w: 0, h: 0 };

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** The frame's size in CSS pixels and where the picture lies in it. */
  place(size, at) {
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(size.w * ratio), Math.round(size.h * ratio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      this.#canvas.width = w;
      this.#canvas.height = h;
    }
    this.#size = size;
    this.#at = at;
    this.#wake();
  }

  /** `boxes`, `trail`: what is wanted; `labels`: room for words beside the boxes; `held(box)`: which are drawn faintly. */
  settings(settings) {
    this.#settings = { ...this.#settings, ...settings };
    this.#wake();
  }

  /**
   * What belongs to the picture on screen; `word(region)` is its label. Drawn at once, with the picture. An `exact` box was
   * measured on this very picture and stands where it says; others are followed smoothly.
   */
  show(regions, word, exact) {
    const seen = new Set();
    for (const region of regions) {
      seen.add(region.track);
      const mark = this.#marks.get(region.track);
      const target = { to: region.box, trail: region.trail ?? [], word: word(region), gone: false };
      if (mark) Object.assign(mark, target, exact ? { box: [...region.box] } : {});
      else this.#marks.set(region.track, { ...target, box: [...region.box], alpha: calm() ? 1 : 0 });
    }
    for (const [track, mark] of this.#marks) if (!seen.has(track)) mark.gone = true;
    if (this.#marks.size === 0) return;
    cancelAnimationFrame(this.#frame);
    this.#step(performance.now());
  }

  /** The boxes that stand on the picture now, shares. */
  get boxes() {
    return this.#settings.boxes ? [...this.#marks.values()].filter((mark) => !mark.gone).map((mark) => mark.box) : [];
  }

  #wake() {
    if (this.#frame === 0) {
      this.#last = performance.now();
      this.#frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  #step(now) {
    this.#frame = 0;
    const passed = Math.max(0, now - this.#last);
    this.#last = now;
    const restless = this.#advance(calm() ? Infinity : passed);
    this.#draw();
    if (restless) this.#frame = requestAnimationFrame((next) => this.#step(next));
  }

  #advance(passed) {
    const share = 1 - Math.exp(-passed / FOLLOW_MS);
    let restless = false;
    for (const [track, mark] of this.#marks) {
      const wanted = mark.gone ? 0 : 1;
      const fade = passed / FADE_MS;
      mark.alpha = wanted > mark.alpha ? Math.min(wanted, mark.alpha + fade) : Math.max(wanted, mark.alpha - fade);
      if (mark.gone && mark.alpha === 0) {
        this.#marks.delete(track);
        continue;
      }
      mark.to.forEach((to, i) => {
        const rest = to - mark.box[i];
        mark.box[i] = Math.abs(rest) < 0.0004 ? to : mark.box[i] + rest * share;
        if (mark.box[i] !== to) restless = true;
      });
      if (mark.alpha !== wanted) restless = true;
    }
    return restless;
  }

  #draw() {
    const c = this.#context;
    const ratio = this.#canvas.width / (this.#size.w || 1);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.#size.w, this.#size.h);
    const label = this.#settings.labels && this.#marks.size > 1;
    const taken = [...this.#marks.values()].map((mark) => this.#padded(mark.box));
    for (const mark of this.#marks.values()) {
      const { held } = this.#settings;
      const alpha = mark.alpha * (held?.(mark.box) ? FAINT : 1);
      c.globalAlpha = alpha;
      if (this.#settings.trail) this.#trail(mark, alpha);
      if (!this.#settings.boxes) continue;
      const box = this.#padded(mark.box);
      brackets(c, box);
      if (label) tag(c, box, mark.word, this.#size, taken);
    }
    c.globalAlpha = 1;
  }

  #padded(shares) {
    const { x, y, w, h } = placed(shares, this.#at);
    return { x: x - PAD, y: y - PAD, w: w + 2 * PAD, h: h + 2 * PAD };
  }

  #trail({ trail }, alpha) {
    const c = this.#context;
    const points = trail.map(([x, y]) => [this.#at.x + x * this.#at.w, this.#at.y + y * this.#at.h]);
    const dots = spaced(points);
    dots.forEach(([x, y], i) => {
      c.globalAlpha = alpha * (0.12 + 0.88 * ((i + 1) / dots.length));
      for (const [radius, colour] of [
        [2.1, HALO],
        [1.35, ACCENT],
      ]) {
        c.fillStyle = colour;
        c.beginPath();
        c.arc(x, y, radius, 0, 7);
        c.fill();
      }
    });
    c.globalAlpha = alpha;
  }
}

/** Points every DOT_GAP pixels along a line, oldest first. */
export function spaced(points) {
  const dots = [];
  let due = 0;
  for (let i = 1; i < points.length; i += 1) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]];
    const length = Math.hypot(bx - ax, by - ay);
    for (; due <= length && length > 0; due += DOT_GAP)
      dots.push([ax + ((bx - ax) * due) / length, ay + ((by - ay) * due) / length]);
    due -= length;
  }
  return dots;
}

function brackets(c, { x, y, w, h }) {
  const arm = Math.max(6, Math.min(28, w * 0.3, h * 0.3));
  c.beginPath();
  for (const [cornerX, cornerY, dx, dy] of [
    [x, y, 1, 1],
    [x + w, y, -1, 1],
    [x + w, y + h, -1, -1],
    [x, y + h, 1, -1],
  ]) {
    c.moveTo(cornerX, cornerY + dy * arm);
    c.lineTo(cornerX, cornerY);
    c.lineTo(cornerX + dx * arm, cornerY);
  }
  for (const [width, colour] of [
    [4.5, HALO],
    [2.5, ACCENT],
  ]) {
    c.lineWidth = width;
    c.strokeStyle = colour;
    c.stroke();
  }
}

/** A label above the box, else below it, where it covers nothing of `taken`; else none, for the caption says the same. */
function tag(c, box, word, frame, taken) {
  c.font = "600 12px system-ui, sans-serif";
  const w = c.measureText(word).width + 14;
  const x = Math.max(2, Math.min(box.x, frame.w - w - 2));
  const y = [box.y - 24, box.y + box.h + 4].find(
    (at) => at > 40 && at + 22 < frame.h && taken.every((other) => overlap(other, { x, y: at, w, h: 20 }) === 0),
  );
  if (y === undefined) return;
  taken.push({ x, y, w, h: 20 });
  c.fillStyle = ACCENT;
  c.beginPath();
  c.roundRect(x, y, w, 20, 3);
  c.fill();
  c.fillStyle = ON_ACCENT;
  c.textBaseline = "middle";
  c.fillText(word, x + 7, y + 10.5);
}
