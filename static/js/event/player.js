// The player: the poster at once, the clip over it when it can play, boxes and trail in step with it, or the still pictures.

import { url } from "../api.js";
import { attr, calm, el, icon, keyed, setIcon, svg, text } from "../dom.js";
import { isOpen } from "../events/model.js";
import { altOf } from "../events/words.js";
import { fitted } from "../live/fit.js";
import { Overlay } from "../live/overlay.js";
import { prefs } from "../prefs.js";
import * as words from "../words.js";
import { Strip } from "./strip.js";
import { clipTime, shots } from "./words.js";

const MODES = { trail: "Trail", clip: "Clip", pictures: "Pictures" };
const SPEEDS = { "¼": 0.25, 1: 1, 4: 4 };
const LEAD_IN_S = 1; // in a review the clip starts so long before it fired

/** Puts the children of a node back rather than moving them, so that nothing shifts under the eye. */
export const fresh = (node) => node.contains(document.activeElement) || node.replaceChildren(...node.childNodes);

const button = (label, click, attrs, ...children) =>
  el("button", { "aria-label": label, title: label, ...attrs, on: { click } }, ...children);

export class Player {
  #camera = "";
  #film = null;
  #wanted = "clip";
  #rate = 1;
  #at = 0;
  #begun = false; // the clip has been started, so its frames count
  #framed = false; // and one of them is on screen
  #hung = false; // a still picture of this event is there
  #picked = null;
  #where = el("span", { class: "nm" });
  #when = el("time");
  #what = el("span", { class: "age" });
  #head = el("div", { class: "hd" }, this.#where, this.#when, this.#what);
  #films = el("div", { class: "film" });
  #still = el("img", { class: "shot still", alt: "" });
  #over = el("canvas", { class: "over", "aria-hidden": "true" });
  #none = el("div", { class: "state", hidden: true }, el("p", { class: "voice l" }));
  #shots = el("div", { class: "shots", role: "group", "aria-label": "Pictures", hidden: true });
  #pic = el(
    "div",
    { class: "pic", "data-shows": "poster", on: { click: () => this.toggle() } },
    this.#films,
    this.#still,
    this.#over,
    this.#none,
    this.#head,
    this.#shots,
  );
  #overlay = new Overlay(this.#over);
  #sign = icon("play");
  #play = button("Play", () => this.toggle(), { class: "btn icon first round" }, this.#sign);
  #clock = el("b");
  #length = el("span", { class: "faint" });
  #modes;
  #speeds;
  #strip = new Strip((time) => this.seek(time));
  #learnt;
  node;

  /** `learnt()`: what moved in the film that is shown is known now. */
  constructor(learnt) {
    this.#learnt = learnt;
    const pick = (word, click) => el("button", { on: { click } }, word);
    this.#modes = Object.entries(MODES).map(([mode, word]) => pick(word, () => this.mode(mode)));
    this.#speeds = ["¼", "1", "4"].map((word) => pick(word, () => this.speed(word)));
    const step = (by, label, d) =>
      button(
        label,
        () => this.step(by),
        { class: "btn quiet icon wide" },
        svg("svg", { class: "ico", "aria-hidden": "true" }, svg("path", { d })),
      );
    const bar = el(
      "div",
      { class: "pbar" },
      this.#play,
      step(-1, "One frame back", "M12.500 5 7.500 10l5 5M5 5v10"),
      step(1, "One frame on", "M7.500 5l5 5-5 5M15 5v10"),
      el("span", { class: "s clock" }, this.#clock, " ", this.#length),
      el("div", { class: "seg push", role: "group", "aria-label": "Show" }, this.#modes),
      el("div", { class: "seg wide", role: "group", "aria-label": "Speed" }, this.#speeds),
      button("Full screen", () => this.#full(), { class: "btn quiet icon" }, icon("full")),
    );
    this.node = el("div", { class: "player" }, this.#pic, bar, this.#strip.node);
    new ResizeObserver(() => this.#place()).observe(this.#pic);
    this.speed("1");
  }

  /** Shows a film from its beginning; in a review from just before it fired. The poster is there at once. */
  show(film, camera, reviewing) {
    if (this.#film && this.#film !== film) this.#hush(this.#film);
    this.#film = film;
    this.#camera = camera;
    this.#begun = this.#framed = this.#hung = false;
    this.#picked = null;
    film.shower = this;
    film.load();
    this.#at = reviewing ? Math.max(0, film.event.lead_s - LEAD_IN_S) : 0;
    this.#place();
    this.update();
    fresh(this.#head);
    this.#begin(!calm());
  }

  /** Writes what is said of the event anew, and loads what has come to it. */
  update() {
    const { event } = this.#film;
    text(this.#where, this.#camera);
    text(this.#length, `of ${clipTime(event.duration_s)}`);
    this.#strip.show(event, this.#film.track);
    const [trail, clip, pictures] = this.#modes;
    clip.disabled = this.#play.disabled = !event.clip || this.#film.failed;
    trail.disabled = event.trail.length === 0 && !event.pictures.trail;
    pictures.disabled = shots(event.pictures).length === 0;
    text(this.#none.firstChild, isOpen(event) ? "This is being recorded now" : "There is no picture of this");
    this.#put();
    this.state();
    this.#draw();
  }

  /** What can be shown of what is wanted. */
  get #mode() {
    const { event, failed } = this.#film;
    if (this.#wanted === "clip" && (!event.clip || failed)) return event.pictures.trail ? "trail" : "poster";
    if (this.#wanted === "trail" && event.trail.length === 0 && !event.pictures.trail)
      return event.clip ? "clip" : "poster";
    return this.#wanted;
  }

  /** "trail", "clip" or "pictures". */
  mode(wanted) {
    this.#wanted = wanted;
    if (wanted === "clip" && this.#begun) this.#film.reel?.seek(this.#at);
    this.#begin(false);
  }

  /** "¼", "1" or "4" times. */
  speed(word) {
    this.#rate = SPEEDS[word];
    if (this.#film?.reel) this.#film.reel.rate = this.#rate;
    for (const one of this.#speeds) attr(one, "aria-pressed", String(one.textContent === word));
  }

  /** Plays or pauses; whatever is shown, it is the clip that plays. */
  toggle() {
    const { reel } = this.#film ?? {};
    if (!reel || this.#film.failed) return;
    if (this.#mode !== "clip") {
      this.#wanted = "clip";
      this.#begin(true);
    } else if (reel.playing) reel.pause();
    else this.#run();
  }

  seek(time) {
    if (!this.#film) return;
    this.#at = time;
    if (this.#mode === "clip" && this.#film.reel) {
      this.#begun = true;
      this.#film.reel.seek(time);
    }
    this.#draw();
  }

  step(by) {
    const { reel } = this.#film ?? {};
    if (!reel || this.#film.failed) return;
    if (this.#mode !== "clip") this.mode("clip");
    if (!this.#begun) return this.seek(this.#at);
    void reel.step(by);
  }

  #full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.node.requestFullscreen?.();
  }

  visible(yes) {
    if (!yes) this.#film?.reel?.pause();
  }

  leave() {
    if (this.#film) this.#hush(this.#film);
    this.#film = null;
  }

  preferences() {
    if (this.#film) this.#draw();
  }

  #hush(film) {
    film.shower = null;
    film.reel?.pause();
  }

  #begin(play) {
    const mode = this.#mode;
    if (mode !== "clip") this.#film.reel?.pause();
    this.#put();
    this.state();
    if (mode === "trail" || mode === "pictures") void this.#exhibit();
    else if (mode === "clip" && play) this.#run();
    this.#draw();
  }

  #run() {
    const { reel } = this.#film;
    if (!this.#begun) reel.seek(this.#at);
    this.#begun = true;
    reel.rate = this.#rate;
    reel.play();
  }

  /** The film's own parts on the page: the clip, and its poster over it until a frame of the clip is there. */
  #put() {
    const { poster, reel } = this.#film;
    const parts = [reel?.node, poster].filter(Boolean);
    if (parts.length !== this.#films.children.length || parts.some((part, i) => this.#films.children[i] !== part))
      this.#films.replaceChildren(...parts);
    const { event, failed } = this.#film;
    const mode = this.#mode;
    attr(this.#pic, "data-shows", this.#shows);
    const still =
      this.#shows === "still" ? (mode === "trail" && event.pictures.trail ? "trail picture" : "picture") : "";
    text(this.#what, isOpen(event) ? "recording" : failed ? "this browser cannot play the clip" : still);
    this.#none.hidden = parts.length > 0;
    this.#shots.hidden = mode !== "pictures";
    if (mode === "pictures") this.#list();
    const names = Object.keys(MODES);
    this.#modes.forEach((one, i) => attr(one, "aria-pressed", String(names[i] === mode)));
  }

  /** "poster", "clip" or "still". */
  get #shows() {
    const mode = this.#mode;
    if (mode === "clip") return this.#framed ? "clip" : "poster";
    return this.#hung && mode !== "poster" ? "still" : "poster";
  }

  /** The trail picture, or the one that was picked; the poster stays until it is there. */
  async #exhibit() {
    const film = this.#film;
    const { event } = film;
    const { poster, trail } = event.pictures;
    const mode = this.#mode;
    const wanted = mode === "trail" ? (trail ?? poster) : (this.#picked ?? poster ?? shots(event.pictures)[0]?.url);
    if (!wanted) return;
    const image = el("img", { class: "shot still", alt: altOf(event, this.#camera), src: url(wanted).href });
    try {
      await image.decode();
    } catch {
      return; // the poster stays
    }
    if (this.#film !== film || this.#mode !== mode) return;
    this.#still.replaceWith(image);
    this.#still = image;
    this.#hung = true;
    this.#put();
    this.#draw();
  }

  #list() {
    const all = shots(this.#film.event.pictures);
    const picked = this.#picked ?? all[0]?.url;
    const pick = (event, at) => {
      event.stopPropagation(); // the picture behind it plays the clip
      this.#picked = at;
      this.#list();
      void this.#exhibit();
    };
    const make = ({ url: at, word }) =>
      button(word, (event) => pick(event, at), {}, el("img", { src: url(at).href, alt: "", width: 96, height: 54 }));
    keyed(
      this.#shots,
      all,
      ({ url: at }) => at,
      make,
      (node, { url: at }) => attr(node, "aria-pressed", String(at === picked)),
    );
  }

  /** A frame of the clip is on screen. */
  frame(time) {
    if (!this.#begun || this.#mode !== "clip") return;
    this.#at = time;
    if (!this.#framed) {
      this.#framed = true;
      this.#put();
    }
    this.#draw();
  }

  /** The clip plays or stops, or can play now. */
  state() {
    const { reel } = this.#film;
    const playing = reel?.playing === true;
    setIcon(this.#sign, playing ? "pause" : "play");
    for (const name of ["aria-label", "title"]) attr(this.#play, name, playing ? "Pause" : "Play");
    attr(this.#pic, "data-playing", playing);
    attr(this.#pic, "data-ready", reel?.ready === true);
  }

  /** The clip cannot be played: the pictures are shown. */
  failed() {
    this.update();
    this.#begin(false);
  }

  /** What moved is known now. */
  learnt() {
    this.#strip.show(this.#film.event, this.#film.track);
    this.#draw();
    this.#learnt();
  }

  #place() {
    if (!this.#film) return;
    const { clientWidth: w, clientHeight: h } = this.#pic;
    const { width, height } = this.#film.event.size;
    this.#overlay.place({ w, h }, fitted({ w, h }, { w: width, h: height }, "contain"));
  }

  /** Everything that goes with the time. */
  #draw() {
    const { event, track } = this.#film;
    const time = this.#at;
    this.#strip.at(time);
    text(this.#clock, clipTime(time));
    text(this.#when, words.timeOf(Date.parse(event.start_time) + time * 1000));
    const shows = this.#shows;
    const trailing = shows === "still" && this.#mode === "trail";
    let regions = shows === "clip" || trailing ? (track?.at(time) ?? []) : [];
    let { boxes } = prefs;
    if (trailing) {
      if (regions.length === 0) boxes = false;
      regions = [{ track: "path", box: [0, 0, 0, 0], label: event.label, ...regions[0], trail: event.trail }];
    }
    this.#overlay.settings({ boxes, trail: prefs.trail, labels: !trailing });
    this.#overlay.show(regions, ({ label }) => words.labelName(label), true);
    attr(this.#pic, "data-at", time.toFixed(3));
    attr(
      this.#pic,
      "data-boxes",
      JSON.stringify(boxes ? regions.map(({ box }) => box.map((share) => Number(share.toFixed(4)))) : []),
    );
  }
}
