// One camera's picture with everything that stands on it. Its size never changes with its state.
// Tests read its data attributes: camera, state, moving, armed, seq, age-ms, boxes, fit, caption.

import { attr, el, icon, text } from "../dom.js";
import { prefs } from "../prefs.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { fitted, overlap, placed } from "./fit.js";
import { Overlay } from "./overlay.js";
import { Picture } from "./picture.js";
import { Said } from "./said.js";
import { StateLayer } from "./state.js";
import { ZoneLayer } from "./zones.js";

const AGE_GAP_MS = 250; // figures that change faster cannot be read
const STALE_MS = 900;
const NO_RATE_MS = 3_000; // a picture so old disowns any rate
const NARROW = 250; // pixels; the name and the age are all that fits in the head
const EDGE_HOLD_MS = 2_000;

export class Tile {
  #deeds;
  #dot = el("span", { class: "dot off", "aria-hidden": "true" });
  #name = el("span", { class: "nm" });
  #word = el("span", { class: "st" });
  #age = el("span", { class: "age" });
  #said = new Said();
  #foot = el("figcaption", { class: "ft" }, this.#said.node);
  #shot = el("canvas", { class: "shot", role: "img" });
  #over = el("canvas", { class: "over", "aria-hidden": "true" });
  #cover;
  #link;
  #open;
  #pin;
  #zones = new ZoneLayer();
  #zonesWanted = true;
  #layer;
  #picture;
  #overlay;
  #ageAt = -Infinity;
  #edgeAt = -Infinity;
  #narrow = false;
  #refused = null;
  #silent = false;
  #caption = new Said();
  /** What stands below the picture on a phone: the caption, or what to do. */
  below;
  large = false;
  /** Called with where the picture lies in the frame, whenever that changes. */
  onPlaced = null;
  /** When a frame was last received, of whatever kind (performance.now). */
  heardAt = performance.now();

  /** `deeds`: `save(camera)`, `retry(camera)`, `again(tile)`, `now()` (server's clock); where there are several, `choose(id)` and `pin(id)`. */
  constructor(camera, deeds) {
    this.camera = camera;
    this.#deeds = deeds;
    this.#layer = new StateLayer(() => (camera.lost ? deeds.retry(camera) : deeds.again(this)));
    this.below = el("div", {}, this.#caption.node, this.#layer.below);
    this.#cover = el("button", { class: "cover", on: { click: () => deeds.choose(camera.id) } });
    this.#link = el("a", { class: "cover", href: addressOf("camera", camera.id), hidden: true });
    this.node = el(
      "figure",
      { class: "pic", id: `camera-${camera.id}`, tabindex: "-1", "data-camera": camera.id },
      this.#shot,
      this.#zones.node,
      this.#over,
      this.#foot,
      el("div", { class: "hd" }, this.#dot, this.#name, this.#word, this.#age),
      this.#layer.node,
      this.#cover,
      this.#link,
      this.#acts(),
    );
    this.#picture = new Picture(this.#shot, (frame) => this.#painted(frame));
    this.#overlay = new Overlay(this.#over);
    this.preferences();
    this.refresh();
  }

  #acts() {
    const tool = (name, label, click) =>
      el("button", { class: "tool", "aria-label": label, title: label, on: { click } }, icon(name));
    this.#open = el(
      "a",
      { class: "tool", href: addressOf("camera", this.camera.id), title: "Open this camera" },
      icon("open"),
    );
    this.#pin = tool("pin", "Keep this camera large", () => this.#deeds.pin(this.camera.id));
    this.#pin.hidden = true;
    const save = tool("photo", "Save this picture", () => this.#deeds.save(this.camera));
    const full = document.fullscreenEnabled ? tool("full", "Full screen", () => this.#fullScreen()) : null;
    return el("div", { class: "acts" }, this.#open, this.#pin, save, full);
  }

  /** Makes it the "large" one, one "small" beside it, one of an even "grid", or the "only" one of its place. */
  setRole(role) {
    this.large = role === "large" || role === "only";
    this.node.classList.toggle("big", this.large);
    this.#cover.hidden = role !== "small";
    this.#link.hidden = role !== "grid";
    this.#open.hidden = role !== "large";
    this.preferences();
  }

  /** Whether it draws the zones itself, if they are wanted; an editor draws its own. */
  drawZones(yes) {
    this.#zonesWanted = yes;
    this.preferences();
  }

  /** Whether it is kept large by choice; null where there is no choice. */
  setPinned(pinned) {
    this.#pin.hidden = pinned === null;
    attr(this.#pin, "aria-pressed", pinned === null ? null : String(pinned));
  }

  /** Boxes for which `held(box)` is true are drawn faintly. */
  faint(held) {
    this.#overlay.settings({ held });
  }

  preferences() {
    this.#overlay.settings({ boxes: prefs.boxes, trail: prefs.trail, labels: this.large });
    this.#zones.node.toggleAttribute("hidden", !(prefs.zones && this.#zonesWanted && this.large));
    this.#publish();
  }

  offer(frame) {
    this.heardAt = performance.now();
    if (this.#refused) {
      this.#refused = null;
      this.refresh();
    }
    if (!frame.noSignal) this.#picture.offer(frame);
  }

  hide() {
    this.#picture.clear();
  }

  /** Whether it says that the server sends no frames. */
  get refused() {
    return this.#refused !== null;
  }

  /** The server will not send its frames, as `message` says; it is asked again in `againMs`. */
  refuse(message, againMs) {
    this.heardAt = performance.now();
    this.#refused = {
      problem: words.refusal(message),
      nextTryAt: this.heardAt + againMs,
      nextTryTotal: againMs,
    };
    this.refresh();
  }

  /** Nothing is heard of the server: what was true of the camera is no longer known. */
  setSilent(silent) {
    if (silent === this.#silent) return;
    this.#silent = silent;
    this.refresh();
  }

  get #seen() {
    return {
      hasPicture: this.#picture.shown !== null,
      lastPictureMs: this.camera.lastPicture === null ? null : Math.max(0, this.#deeds.now() - this.camera.lastPicture),
      refused: this.#refused,
      silent: this.#silent,
    };
  }

  /** The camera's state or settings changed. */
  refresh() {
    const { camera } = this;
    const { source } = camera.info;
    const kind = this.#layer.show(camera, this.#seen);
    const had = this.#picture.shown !== null;
    const word = words.stateWord(camera, { silent: this.#silent, refused: this.#refused !== null });
    attr(this.node, "data-state", source.state);
    attr(this.node, "data-armed", String(camera.armed));
    attr(this.node, "data-moving", camera.moving ? "true" : null);
    this.node.classList.toggle("opening", kind === "opening");
    this.node.classList.toggle("trouble", kind === "trouble");
    this.node.classList.toggle("dim", kind !== null && had && !camera.over);
    this.node.classList.toggle("rest", camera.over);
    this.#caption.node.hidden = kind === "trouble";
    this.#zones.show(camera.zones);
    this.#foot.hidden = kind !== null;
    const well = camera.watching && kind === null;
    attr(this.#dot, "class", this.#silent ? "dot off" : well ? "dot" : camera.lost ? "dot bad" : "dot off");
    text(this.#name, camera.name);
    text(this.#word, word);
    attr(this.node, "aria-label", `${camera.name}, ${word}`);
    attr(this.#cover, "aria-label", `Make ${camera.name} the large picture`);
    for (const link of [this.#link, this.#open]) attr(link, "aria-label", `Open ${camera.name}`);
    this.#say();
    this.#figures();
  }

  /** A new decision came. */
  moved() {
    if (this.node.hasAttribute("data-moving") !== this.camera.moving) this.refresh();
    this.#mark();
  }

  /** Once a second: what counts. */
  tick() {
    this.#layer.show(this.camera, this.#seen);
    this.#say();
    if (performance.now() - this.#ageAt > STALE_MS) this.#figures();
    this.#mark();
  }

  /** Its place on the page has another size now. */
  resized() {
    const frame = { w: this.node.clientWidth, h: this.node.clientHeight };
    if (frame.w === 0) return;
    this.#narrow = frame.w < NARROW;
    const at = this.#at(frame);
    this.#overlay.place(frame, at);
    this.#zones.place(frame, at);
    this.onPlaced?.(frame, at);
  }

  #at(frame) {
    const fit = this.large || document.fullscreenElement === this.node ? "contain" : "cover";
    attr(this.node, "data-fit", fit);
    return fitted(frame, this.#picture.size, fit);
  }

  #painted(frame) {
    const first = !this.node.hasAttribute("data-seq");
    const { w, h } = this.#picture.size;
    this.camera.lastPicture = frame.time;
    attr(this.node, "data-seq", frame.seq);
    if (attrChanged(this.node, "data-picture", `${w}x${h}`)) this.resized();
    if (first) this.refresh();
    if (performance.now() - this.#ageAt >= AGE_GAP_MS) this.#figures();
    this.#mark();
  }

  #mark() {
    const { shown } = this.#picture;
    const { regions, exact } = shown ? this.camera.regionsAt(shown.seq, shown.time) : { regions: [], exact: false };
    this.#overlay.show(regions, words.tag, exact);
    this.#say();
    if (this.camera.moving) this.#makeRoom(regions);
    else if (this.node.dataset.caption) this.#captionTo(null);
    this.#publish();
  }

  #publish() {
    attr(
      this.node,
      "data-boxes",
      JSON.stringify(this.#overlay.boxes.map((box) => box.map((share) => Number(share.toFixed(4))))),
    );
  }

  #say() {
    const { camera } = this;
    const visit = camera.moving ? null : camera.visit;
    const quiet = this.#silent ? "" : words.quiet(camera.info, visit, camera.quietSince, this.#deeds.now());
    const why = this.large ? camera.reason : "";
    this.#said.show(camera.moving, camera.regions, quiet, why);
    if (this.large) this.#caption.show(camera.moving, camera.regions, camera.live ? quiet : "", why);
    attr(this.#shot, "aria-label", `${camera.name}, ${this.#silent ? "last" : "live"} picture. ${this.#said.sentence}`);
  }

  /** Nothing covers a mover: the caption goes to the other edge when a box is beneath it. */
  #makeRoom(regions) {
    const now = performance.now();
    if (now - this.#edgeAt < EDGE_HOLD_MS) return;
    const frame = { w: this.node.clientWidth, h: this.node.clientHeight };
    const at = this.#at(frame);
    const boxes = regions.map((region) => placed(region.box, at));
    const words = this.#said.extent;
    const caption = { x: 0, w: words.w + 28, h: words.h + 18 };
    const covered = (y) => boxes.reduce((sum, box) => sum + overlap(box, { ...caption, y }), 0);
    const [bottom, top] = [covered(frame.h - caption.h), covered(36)];
    const wanted = bottom > top ? "top" : null;
    if (bottom === top || (wanted ?? "") === (this.node.dataset.caption ?? "")) return;
    this.#captionTo(wanted);
    this.#edgeAt = now;
  }

  /** Taken out and put back, so that it appears at the other edge instead of moving there. */
  #captionTo(edge) {
    this.#foot.remove();
    attr(this.node, "data-caption", edge);
    this.#over.after(this.#foot);
  }

  #figures() {
    const { camera } = this;
    const { shown } = this.#picture;
    const { source } = camera.info;
    this.#ageAt = performance.now();
    if (camera.lost || camera.over) {
      const since = camera.lost ? camera.lostSince : source.since;
      text(this.#age, since ? `since ${words.time(since)}` : "");
    } else if (shown && source.state === "live") {
      const age = this.#deeds.now() - shown.time;
      attr(this.node, "data-age-ms", Math.round(age));
      text(
        this.#age,
        words.figures(this.#narrow || this.#silent || this.#refused || age > NO_RATE_MS ? 0 : source.fps, age),
      );
    } else {
      text(this.#age, "");
    }
  }

  #fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.node.requestFullscreen().catch(() => {});
  }
}

function attrChanged(node, name, value) {
  const changed = node.getAttribute(name) !== value;
  attr(node, name, value);
  return changed;
}
