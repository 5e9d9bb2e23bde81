// What every place that shows live pictures has: its tiles, and the wishes for their frames. A place that is left asks for none.

import { cameraPath, getBlob, post } from "../api.js";
import { attr, el } from "../dom.js";
import { showToast } from "../notice.js";
import * as words from "../words.js";
import { Tile } from "./tile.js";
import { STALL_MS, Watch } from "./watch.js";

const REFUSALS = new Set(["too_many_viewers", "too_many_variants"]);

class Stage {
  #cameras;
  #socket;
  #deeds;
  #silentAt = null;
  tiles = new Map();
  watch;

  /** `deeds`: what a tile of this place can do beyond saving and retrying; see Tile. */
  constructor(cameras, socket, deeds = {}) {
    this.#cameras = cameras;
    this.#socket = socket;
    this.watch = new Watch(socket);
    this.#deeds = {
      save,
      retry,
      again: (tile) => this.watch.again(tile),
      now: () => socket.clock.now(),
      ...deeds,
    };
  }

  /** Nothing is heard of the server. */
  get silent() {
    return this.#silentAt !== null;
  }

  /** The server's clock; it stands while nothing is heard. */
  now() {
    return this.#silentAt ?? this.#socket.clock.now();
  }

  /** How old what was taken at `time` (server's clock, ms) is by now, whether anything is heard or not. */
  age(time) {
    return Math.max(0, this.#socket.clock.now() - time);
  }

  /** The tile of a camera, made when it is first asked for. */
  tile(camera) {
    let tile = this.tiles.get(camera.id);
    if (tile?.camera !== camera) {
      if (tile) this.drop(camera.id);
      tile = new Tile(camera, this.#deeds);
      tile.setSilent(this.silent);
      this.tiles.set(camera.id, tile);
    }
    return tile;
  }

  drop(id) {
    const tile = this.tiles.get(id);
    if (!tile) return;
    this.watch.remove(tile);
    tile.node.remove();
    this.tiles.delete(id);
  }

  /** Drops the tiles of cameras that are no more. */
  prune() {
    for (const [id, tile] of this.tiles) if (this.#cameras.get(id) !== tile.camera) this.drop(id);
  }

  frame(frame) {
    if (!document.hidden) this.tiles.get(frame.camera)?.offer(frame);
  }

  /** The server does not send the frames that were asked for. Returns whether a tile says so. */
  refused(message) {
    const named = this.tiles.get(message.camera);
    const blind = [...this.tiles.values()].filter((tile) => tile.camera.live && !tile.node.hasAttribute("data-seq"));
    const tiles = named ? [named] : REFUSALS.has(message.code) ? blind : [];
    for (const tile of tiles) tile.refuse(message, STALL_MS);
    return tiles.length > 0;
  }

  /** Nothing comes from the server (or something again): nothing in `node` claims to be of now. Returns whether that is news. */
  hush(yes, node) {
    if (yes === this.silent) return false;
    this.#silentAt = yes ? this.#socket.clock.now() : null;
    attr(node, "data-silent", yes);
    for (const tile of this.tiles.values()) {
      tile.setSilent(yes);
      tile.moved();
    }
    return true;
  }

  visible(yes) {
    if (!yes) this.tiles.forEach((tile) => tile.hide());
    this.watch.visible(yes);
  }

  tick() {
    this.watch.tick();
    this.tiles.forEach((tile) => tile.tick());
  }

  preferences() {
    this.tiles.forEach((tile) => tile.preferences());
  }
}

/** A place that shows live pictures: what it hands on to them. */
export class Staged {
  constructor(...of) {
    this.stage = new Stage(...of);
  }

  /** Shows one camera alone, in `slot`; returns its tile. */
  only(camera, slot) {
    for (const id of this.stage.tiles.keys()) if (id !== camera.id) this.stage.drop(id);
    const tile = this.stage.tile(camera);
    tile.setRole("only");
    slot.replaceChildren(tile.node);
    this.stage.watch.add(tile);
    return tile;
  }

  leave() {
    this.stage.watch.active(false);
  }

  frame(frame) {
    this.stage.frame(frame);
  }

  refused(message) {
    return this.stage.refused(message);
  }

  visible(yes) {
    this.stage.visible(yes);
  }

  preferences() {
    this.stage.preferences();
  }

  resized() {
    this.stage.tiles.forEach((tile) => tile.resized());
  }
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
