// The Live place: which camera is large, where the others stand, and what is told of them.
// Up to six cameras: one large, the others beside it. More: an even grid, until one is chosen.

import { cameraPath, getBlob, post } from "../api.js";
import { attr, el } from "../dom.js";
import { sayMotion, sayState, showToast } from "../notice.js";
import { onPref, prefs, setPref } from "../prefs.js";
import * as words from "../words.js";
import { chooseLarge } from "./choice.js";
import { Hour } from "./hour.js";
import { showKeys, startKeys } from "./keys.js";
import { ranked } from "./said.js";
import { Tile } from "./tile.js";
import { Tools } from "./tools.js";
import { Strip, VisitPanel } from "./visits.js";
import { STALL_MS, Watch } from "./watch.js";

const GRID_ABOVE = 6;
const COLUMN = 3; // others in one column; more of them stand in two
const COUNT_MS = 15_000; // visits leave the last hour although nothing happens
const REFUSALS = new Set(["too_many_viewers", "too_many_variants"]);
const BUSY_MS = 10_000;
const LABEL_WAIT_MS = 1_500; // a start is told with its label, if one comes soon

export class LivePlace {
  #root;
  #cameras;
  #socket;
  #watch;
  #tiles = new Map();
  #large = null;
  #silentAt = null;
  #countedAt = -Infinity;
  #largeSince = -Infinity;
  #touched = -Infinity;
  #told = new Set(); // whose movement a screen reader was told of
  #lost = new Set(); // whose loss
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
  #node;

  constructor(root, cameras, socket) {
    this.#root = root;
    this.#cameras = cameras;
    this.#socket = socket;
    this.#watch = new Watch(socket);
    this.#tools = new Tools(cameras, showKeys);
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
    this.#node = el("div", { class: "live" }, this.#grid, this.#column, this.#side);
    for (const type of ["pointerdown", "keydown", "input"])
      this.#column.addEventListener(type, () => (this.#touched = performance.now()));
    cameras.addEventListener("list", () => this.#list());
    cameras.addEventListener("camera", ({ detail }) => this.#changed(detail));
    cameras.addEventListener("motion", ({ detail }) => this.#moved(detail));
    cameras.addEventListener("activity", ({ detail }) => this.#learnt(detail));
    onPref(() => this.#tiles.forEach((tile) => tile.preferences()));
    document.addEventListener("fullscreenchange", () => this.#tiles.forEach((tile) => tile.resized()));
    startKeys();
  }

  frame(frame) {
    if (!document.hidden) this.#tiles.get(frame.camera)?.offer(frame);
  }

  /** Nothing comes from the server (or something again): nothing on the page claims to be of now. */
  silent(yes) {
    if (yes === (this.#silentAt !== null)) return;
    this.#silentAt = yes ? this.#socket.clock.now() : null;
    attr(this.#node, "data-silent", yes);
    if (yes) for (const camera of this.#cameras.all) camera.forget();
    for (const tile of this.#tiles.values()) {
      tile.setSilent(yes);
      tile.moved();
    }
    this.#showVisits();
  }

  /** The server does not send the frames that were asked for. Returns whether a tile says so. */
  refused(message) {
    const named = this.#tiles.get(message.camera);
    const blind = [...this.#tiles.values()].filter((tile) => tile.camera.live && !tile.node.hasAttribute("data-seq"));
    const tiles = named ? [named] : REFUSALS.has(message.code) ? blind : [];
    for (const tile of tiles) tile.refuse(message, STALL_MS);
    return tiles.length > 0;
  }

  /** The server's clock; it stands while nothing is heard. */
  #now() {
    return this.#silentAt ?? this.#socket.clock.now();
  }

  visible(yes) {
    if (!yes) this.#tiles.forEach((tile) => tile.hide());
    this.#watch.visible(yes);
  }

  /** Once a second. */
  tick() {
    this.#watch.tick();
    this.#tiles.forEach((tile) => tile.tick());
    this.#arrange();
    this.#tools.show(this.#cameras.get(this.#large));
    if (performance.now() - this.#countedAt > COUNT_MS) this.#showVisits();
    else this.#showHour();
    this.#announceMotion();
  }

  #list() {
    const { all } = this.#cameras;
    for (const [id, tile] of this.#tiles) {
      if (this.#cameras.get(id)) continue;
      this.#watch.remove(tile);
      tile.node.remove();
      this.#tiles.delete(id);
    }
    const deeds = this.#deeds();
    for (const camera of all) {
      if (!this.#tiles.has(camera.id)) this.#tiles.set(camera.id, new Tile(camera, deeds));
      if (camera.lost) this.#lost.add(camera.id);
    }
    this.#tiles.forEach((tile) => tile.refresh());
    if (!this.#node.isConnected) this.#root.replaceChildren(this.#node);
    this.#arrange();
    this.#showVisits();
  }

  #deeds() {
    return {
      choose: (id) => this.#choose(id),
      pin: (id) => setPrefAnd(prefs.pinned === id ? null : id, () => this.#arrange(true)),
      save: (camera) => save(camera),
      retry: (camera) => retry(camera),
      again: (tile) => this.#watch.again(tile),
      now: () => this.#socket.clock.now(),
    };
  }

  /** A tile was chosen: it is the large one until it is let go. */
  #choose(id) {
    setPref("pinned", id);
    this.#arrange();
    const tile = this.#tiles.get(id);
    tile.node.focus({ preventScroll: true });
    if (tile.node.getBoundingClientRect().top < 0) tile.node.scrollIntoView({ block: "start" });
  }

  #arrange(letGo = false) {
    const { all } = this.#cameras;
    const order = all.map((camera) => camera.id);
    const pinned = order.includes(prefs.pinned) ? prefs.pinned : null;
    const grid = all.length > GRID_ABOVE && pinned === null;
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
          busy:
            !letGo &&
            (now - this.#touched < BUSY_MS ||
              document.fullscreenElement !== null ||
              document.querySelector("dialog[open]") !== null ||
              this.#column.querySelector(":focus-visible") !== null),
        });
    const layout = `${grid ? "grid" : "large"} ${large} ${order.join(" ")}`;
    this.#tiles.forEach((tile, id) => tile.setPinned(id === large && all.length > 1 ? pinned === id : null));
    if (this.#node.dataset.order === layout) return;
    this.#node.dataset.order = layout;
    if (large !== this.#large) this.#largeSince = now;
    this.#large = large;
    this.#lay(grid, order);
  }

  /** Moves the tiles to their places; a focus inside one goes with it. */
  #lay(grid, order) {
    const focused = document.activeElement;
    attr(this.#node, "data-layout", grid ? "grid" : "large");
    attr(this.#node, "data-many", order.length - 1 > COLUMN);
    this.#grid.hidden = !grid;
    this.#column.hidden = grid;
    for (const id of order) {
      const tile = this.#tiles.get(id);
      tile.setLarge(id === this.#large);
      if (tile.large) {
        this.#slot.replaceChildren(tile.node);
        this.#below.replaceChildren(tile.below);
      }
    }
    const rest = order.filter((id) => id !== this.#large).map((id) => this.#tiles.get(id).node);
    (grid ? this.#grid : this.#others).replaceChildren(...rest);
    (grid ? this.#others : this.#grid).replaceChildren();
    for (const tile of this.#tiles.values()) {
      this.#watch.add(tile);
      tile.refresh();
      tile.resized();
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.#watch.ask();
    this.#showLarge();
  }

  #showLarge() {
    const camera = this.#cameras.get(this.#large) ?? null;
    this.#tools.show(camera);
    this.#showHour();
    if (camera) this.#strip.show(camera, this.#silentAt !== null);
  }

  #showHour() {
    const camera = this.#cameras.get(this.#large);
    if (camera) this.#hour.show(camera, this.#now(), this.#cameras.all.length > 1, this.#silentAt !== null);
  }

  #showVisits() {
    this.#countedAt = performance.now();
    this.#panel.show(this.#cameras.all, this.#now(), this.#silentAt !== null);
    this.#showLarge();
  }

  #changed(camera) {
    this.#tiles.get(camera.id)?.refresh();
    if (camera.id === this.#large) this.#tools.show(camera);
    const { state } = camera.info.source;
    if (state === "lost" && !this.#lost.has(camera.id)) {
      this.#lost.add(camera.id);
      sayState(`${camera.name} is lost. ${words.plain(words.trouble(state, camera.problem, null).title)}.`);
    }
    if (state === "live" && this.#lost.delete(camera.id)) sayState(`${camera.name} is back.`);
  }

  #moved(camera) {
    this.#tiles.get(camera.id)?.moved();
    if (!camera.moving) this.#told.delete(camera.id);
    this.#arrange();
    this.#announceMotion();
  }

  #announceMotion() {
    for (const camera of this.#cameras.all) {
      if (!camera.moving || this.#told.has(camera.id)) continue;
      const regions = ranked(camera.regions);
      const labelled = regions.some(({ label }) => label !== "unknown");
      if (!labelled && performance.now() - camera.movingSince < LABEL_WAIT_MS) continue;
      this.#told.add(camera.id);
      sayMotion(camera.id, `${camera.name}: ${words.brief(regions)}`);
    }
  }

  #learnt(camera) {
    this.#tiles.get(camera.id)?.refresh();
    this.#showVisits();
  }
}

function setPrefAnd(pinned, then) {
  setPref("pinned", pinned);
  then();
}

async function save(camera) {
  try {
    const blob = await getBlob(cameraPath(camera.id, "/snapshot.jpg"));
    const link = el("a", { href: URL.createObjectURL(blob), download: `${camera.id}-${words.stamp(new Date())}.jpg` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    showToast(`The picture was not saved. ${error.message}`, error.requestId);
  }
}

async function retry(camera) {
  try {
    await post(cameraPath(camera.id, "/retry"));
  } catch (error) {
    showToast(error.message, error.requestId);
  }
}
