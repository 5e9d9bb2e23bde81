// The Live place: which camera is large, where the others stand, and what is told of them.
// Up to six cameras: one large, the others beside it. More: an even grid, each of them a link to its own view.

import { attr, el } from "../dom.js";
import { prefs, setPref } from "../prefs.js";
import { chooseLarge } from "./choice.js";
import { Hour } from "./hour.js";
import { Staged } from "./stage.js";
import { Tools } from "./tools.js";
import { Strip, VisitPanel } from "./visits.js";

const GRID_ABOVE = 6;
const COLUMN = 3; // others in one column; more of them stand in two
const COUNT_MS = 15_000; // visits leave the last hour although nothing happens
const BUSY_MS = 10_000;

export class LivePlace extends Staged {
  name = "live";
  title = "Live";
  heading = "Live";
  #cameras;
  #large = null;
  #countedAt = -Infinity;
  #largeSince = -Infinity;
  #touched = -Infinity;
  #told = "";
  #slot = el("div", { class: "slot" });
  #below = el("div", { class: "below" });
  #others = el("div", { class: "others" });
  #grid = el("div", { class: "grid" });
  #hour = new Hour();
  #strip = new Strip();
  #panel = new VisitPanel();
  #tools;
  #column;
  #side;
  node;

  constructor(cameras, socket) {
    super(cameras, socket, {
      choose: (id) => this.#choose(id),
      pin: (id) => {
        setPref("pinned", prefs.pinned === id ? null : id);
        this.#arrange(true);
      },
    });
    this.#cameras = cameras;
    this.#tools = new Tools(cameras);
    this.#column = el(
      "div",
      { class: "large" },
      this.#slot,
      this.#below,
      this.#tools.node,
      this.#hour.node,
      this.#strip.node,
    );
    this.#side = el(
      "aside",
      { class: "side", "aria-label": "Other cameras and recent visits" },
      this.#others,
      this.#panel.node,
    );
    this.node = el("div", { class: "live" }, this.#grid, this.#column, this.#side);
    for (const type of ["pointerdown", "keydown", "input"])
      this.#column.addEventListener(type, () => (this.#touched = performance.now()));
  }

  /** Whether there is something to show. */
  get ready() {
    return this.#cameras.all.length > 0;
  }

  enter() {
    this.listed();
    this.stage.watch.active(true);
  }

  silent(yes) {
    if (this.stage.hush(yes, this.node)) this.#showVisits();
  }

  /** Once a second. */
  tick() {
    this.stage.tick();
    this.#arrange();
    this.#tools.show(this.#cameras.get(this.#large));
    if (performance.now() - this.#countedAt > COUNT_MS) this.#showVisits();
    else this.#showHour();
  }

  /** The set of cameras is known, or another. */
  listed() {
    if (!this.ready) return;
    this.stage.prune();
    for (const camera of this.#cameras.all) this.stage.tile(camera).refresh();
    this.#arrange();
    this.#showVisits();
  }

  /** The state or the settings of a camera changed. */
  changed(camera) {
    this.stage.tiles.get(camera.id)?.refresh();
    if (camera.id === this.#large) this.#tools.show(camera);
  }

  /** A decision was made on a camera's picture. */
  moved(camera) {
    this.stage.tiles.get(camera.id)?.moved();
    this.#arrange();
    this.#retell();
  }

  /** The hour of a camera is known, or another. */
  learnt(camera) {
    this.stage.tiles.get(camera.id)?.refresh();
    this.#showVisits();
  }

  /** A visit that goes on is told by what moves now, in the list as in the tile. */
  #retell() {
    const told = this.#cameras.all
      .map((camera) => camera.visit)
      .map((visit) => visit && `${visit.label} ${visit.direction} ${visit.resting}`)
      .join();
    if (told === this.#told) return;
    this.#told = told;
    this.#showVisits();
  }

  /** A tile was chosen: it is the large one until it is let go. */
  #choose(id) {
    setPref("pinned", id);
    this.#arrange();
    const tile = this.stage.tiles.get(id);
    tile.node.focus({ preventScroll: true });
    if (tile.node.getBoundingClientRect().top < 0) tile.node.scrollIntoView({ block: "start" });
  }

  #arrange(letGo = false) {
    const { all } = this.#cameras;
    const order = all.map((camera) => camera.id);
    const pinned = order.includes(prefs.pinned) ? prefs.pinned : null;
    const grid = all.length > GRID_ABOVE;
    const now = performance.now();
    const large = grid
      ? null
      : chooseLarge({
          order,
          pinned,
          now,
          large: this.#large,
          since: letGo ? -Infinity : this.#largeSince,
          moving: new Map(all.filter((camera) => camera.moving).map((camera) => [camera.id, camera.movingSince])),
          busy: !letGo && this.#busy(now),
        });
    const layout = `${grid ? "grid" : "large"} ${large} ${order.join(" ")}`;
    this.stage.tiles.forEach((tile, id) => tile.setPinned(id === large && all.length > 1 ? pinned === id : null));
    if (this.node.dataset.order === layout) return;
    this.node.dataset.order = layout;
    if (large !== this.#large) this.#largeSince = now;
    this.#large = large;
    this.#lay(grid, order);
  }

  #busy(now) {
    return (
      now - this.#touched < BUSY_MS ||
      document.fullscreenElement !== null ||
      document.querySelector("dialog[open]") !== null ||
      this.#column.querySelector(":focus-visible") !== null
    );
  }

  /** Moves the tiles to their places; a focus inside one goes with it. */
  #lay(grid, order) {
    const focused = document.activeElement;
    attr(this.node, "data-layout", grid ? "grid" : "large");
    attr(this.node, "data-many", order.length - 1 > COLUMN);
    this.#grid.hidden = !grid;
    this.#column.hidden = grid;
    const { tiles } = this.stage;
    for (const id of order) {
      const tile = tiles.get(id);
      tile.setRole(grid ? "grid" : id === this.#large ? "large" : "small");
      if (tile.large) {
        this.#slot.replaceChildren(tile.node);
        this.#below.replaceChildren(tile.below);
      }
    }
    const rest = order.filter((id) => id !== this.#large).map((id) => tiles.get(id).node);
    (grid ? this.#grid : this.#others).replaceChildren(...rest);
    (grid ? this.#others : this.#grid).replaceChildren();
    for (const tile of tiles.values()) {
      this.stage.watch.add(tile);
      tile.refresh();
      tile.resized();
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.stage.watch.ask();
    this.#showLarge();
  }

  #showLarge() {
    const camera = this.#cameras.get(this.#large) ?? null;
    this.#tools.show(camera);
    this.#showHour();
    if (camera) this.#strip.show(camera, this.stage.silent);
  }

  #showHour() {
    const camera = this.#cameras.get(this.#large);
    if (camera) this.#hour.show(camera, this.stage.now(), this.#cameras.all.length > 1, this.stage.silent);
  }

  #showVisits() {
    this.#countedAt = performance.now();
    this.#panel.show(this.#cameras.all, this.stage.now(), this.stage.silent);
    this.#showLarge();
  }
}
