// Asks the socket for exactly the frames that are seen: per tile on screen the width shown, and none while the page is hidden.

const WIDTHS = [320, 480, 640, 960, 1280];
const LARGE_FPS = 30; // the source gives what it has
const SMALL_FPS = 12;
const MANY_FPS = 6;
const MANY = 6;
const MOST = 16; // the server sends no more to one page
const TOO_MANY = { code: "too_many_watched", detail: `A page shows ${MOST} cameras at a time.` };
/** What fell silent, or was refused, is asked for again after so long. */
export const STALL_MS = 10_000;

/** The width to ask for: what is shown in device pixels, rounded up to a width the server may share among viewers. */
export function widthFor(cssWidth, ratio) {
  const wanted = cssWidth * ratio;
  return WIDTHS.find((width) => width >= wanted) ?? WIDTHS.at(-1);
}

export class Watch {
  #socket;
  #tiles = new Map();
  #visible = !document.hidden;
  #active = false;
  #seen = new IntersectionObserver((entries) => this.#crossed(entries), { rootMargin: "80px" });
  #sized = new ResizeObserver((entries) => this.#resized(entries));

  constructor(socket) {
    this.#socket = socket;
  }

  add(tile) {
    if (this.#tiles.has(tile.node)) return;
    this.#tiles.set(tile.node, { tile, seen: false });
    this.#seen.observe(tile.node);
    this.#sized.observe(tile.node);
  }

  remove(tile) {
    this.#tiles.delete(tile.node);
    this.#seen.unobserve(tile.node);
    this.#sized.unobserve(tile.node);
    if (this.#active) this.#socket.unwatch(tile.camera.id);
  }

  /** Its place is the one that is shown, or no longer; a place that is left lets all its frames go. */
  active(yes) {
    this.#active = yes;
    if (yes) return this.ask();
    for (const { tile } of this.#tiles.values()) this.#socket.unwatch(tile.camera.id);
  }

  /** The page is looked at, or not. */
  visible(yes) {
    this.#visible = yes;
    this.ask();
  }

  /** Asks for a tile's frames anew, as if nothing had been asked. */
  again(tile) {
    tile.heardAt = performance.now();
    this.#socket.unwatch(tile.camera.id);
    this.ask();
  }

  /** Once a second: what was refused, or fell silent although its camera is live, is asked for again. */
  tick() {
    if (!this.#active) return;
    const floor = performance.now() - STALL_MS;
    for (const { tile, seen } of this.#tiles.values()) {
      if (!seen || !this.#visible || !tile.camera.live || tile.heardAt > floor) continue;
      tile.heardAt = performance.now();
      this.#socket.unwatch(tile.camera.id);
    }
    this.ask();
  }

  /** Tells the socket what is wanted now; the socket drops what it knows already. */
  ask() {
    if (!this.#active) return; // another place may show the same camera
    const seen = [...this.#tiles.values()].filter((entry) => entry.seen);
    const shown = new Set(seen.slice(0, MOST));
    for (const entry of this.#tiles.values()) {
      const { id } = entry.tile.camera;
      const width = entry.tile.node.clientWidth;
      if (entry.seen && !shown.has(entry) && entry.tile.camera.live && !entry.tile.refused)
        entry.tile.refuse(TOO_MANY, STALL_MS);
      if (!this.#visible || !shown.has(entry) || width === 0) this.#socket.unwatch(id);
      else
        this.#socket.watch(
          id,
          widthFor(width, devicePixelRatio || 1),
          entry.tile.large ? LARGE_FPS : seen.length > MANY ? MANY_FPS : SMALL_FPS,
        );
    }
  }

  #crossed(entries) {
    for (const { target, isIntersecting } of entries) {
      const entry = this.#tiles.get(target);
      if (entry) entry.seen = isIntersecting;
    }
    this.ask();
  }

  #resized(entries) {
    for (const { target } of entries) this.#tiles.get(target)?.tile.resized();
    this.ask();
  }
}
