// One camera: its picture as large as the page allows, what is known of it, and why it fired.

import { Crumb } from "../crumb.js";
import { attr, el, icon } from "../dom.js";
import { Hour } from "../live/hour.js";
import { Staged } from "../live/stage.js";
import { Tools } from "../live/tools.js";
import { Strip } from "../live/visits.js";
import { addressOf } from "../router.js";
import { events } from "../events/model.js";
import { Facts, ZoneList } from "./facts.js";
import { Record } from "./record.js";
import { WhyPanel } from "./why.js";

const COUNT_MS = 15_000;

export class SinglePlace extends Staged {
  name = "camera";
  heading = null; // it has one of its own
  #cameras;
  #id = null;
  #countedAt = -Infinity;
  #slot = el("div", { class: "slot" });
  #below = el("div", { class: "below" });
  #hour = new Hour();
  #strip = new Strip();
  #facts = new Facts();
  #zones = new ZoneList();
  #why = new WhyPanel();
  #tune = el("a", { class: "btn", "aria-label": "Tune this camera" }, icon("tune", true), el("span", {}, "Tune"));
  #record = new Record();
  #crumb;
  #tools;
  #body;
  node;

  constructor(cameras, socket, router) {
    super(cameras, socket);
    this.#cameras = cameras;
    this.#tools = new Tools(cameras);
    this.#crumb = new Crumb("camera", router, this.#record.node, this.#tune);
    this.#body = el(
      "div",
      { class: "live one" },
      el("div", { class: "large" }, this.#slot, this.#below, this.#tools.node, this.#hour.node, this.#strip.node),
      el("aside", { class: "side", "aria-label": "Details" }, this.#facts.node, this.#zones.node, this.#why.node),
    );
    this.node = el("div", {}, this.#crumb.node, this.#crumb.unknown, this.#body);
  }

  get #camera() {
    return this.#cameras.get(this.#id) ?? null;
  }

  get title() {
    return this.#camera?.name ?? "Camera";
  }

  get #tile() {
    return this.stage.tiles.get(this.#id);
  }

  enter(id) {
    this.#id = id;
    events.follow();
    this.listed();
    this.stage.watch.active(true);
  }

  leave() {
    super.leave();
    this.#id = null;
  }

  silent(yes) {
    if (this.stage.hush(yes, this.#body)) this.#show();
  }

  tick() {
    this.stage.tick();
    this.#show();
  }

  listed() {
    this.stage.prune();
    const camera = this.#camera;
    this.#body.hidden = this.#tune.hidden = this.#record.node.hidden = camera === null;
    this.#crumb.show(camera?.name ?? "Camera", this.#cameras.all, this.#id);
    if (!camera) return;
    const tile = this.only(camera, this.#slot);
    this.#below.replaceChildren(tile.below);
    attr(this.#tune, "href", addressOf("tune", camera.id));
    tile.refresh();
    this.#countedAt = -Infinity;
    this.#show();
  }

  changed(camera) {
    if (camera.id !== this.#id) return;
    this.#tile?.refresh();
    this.#crumb.show(camera.name, this.#cameras.all, this.#id);
    this.#show();
  }

  moved(camera) {
    if (camera.id !== this.#id) return;
    this.#tile?.moved();
    this.#why.show(camera.why);
  }

  learnt(camera) {
    if (camera.id !== this.#id) return;
    this.#tile?.refresh();
    this.#countedAt = -Infinity;
    this.#show();
  }

  #show() {
    const camera = this.#camera;
    if (!camera) return;
    const { silent } = this.stage;
    const now = this.stage.now();
    this.#tools.show(camera);
    this.#record.show(camera);
    this.#hour.show(camera, now, false, silent);
    const { lastPicture } = camera;
    this.#facts.show(camera, lastPicture === null ? null : this.stage.age(lastPicture), silent);
    this.#zones.show(camera);
    this.#why.show(camera.why);
    if (performance.now() - this.#countedAt < COUNT_MS) return;
    this.#countedAt = performance.now();
    this.#strip.show(camera, silent);
  }
}
