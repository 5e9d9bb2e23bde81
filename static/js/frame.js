// The frame around every place: which one the address names, its module and stylesheet, the bar's links, the title, the keys. The
// same on a camera server and on a hub; what is known of the cameras is given to it.

import { url } from "./api.js";
import { attr, el, text } from "./dom.js";
import { startKeys } from "./live/keys.js";
import { showToast } from "./notice.js";
import { onPref } from "./prefs.js";
import { addressOf, Router } from "./router.js";
import { startTheme } from "./theme.js";

/** Views that belong to another place of the bar. */
const WITHIN = { camera: "live", event: "timeline" };

/** A module once the stylesheet is there, too; one that did not come is asked for again the next time. */
export async function dressed(module, sheet) {
  const link = el("link", { rel: "stylesheet", href: url(sheet).href });
  const come = new Promise((done, failed) => {
    link.addEventListener("load", done);
    link.addEventListener("error", failed);
  });
  document.head.append(link);
  try {
    return (await Promise.all([module, come]))[0];
  } catch (no) {
    link.remove();
    throw no;
  }
}

export class Frame {
  #root = document.getElementById("place");
  #places;
  #make;
  #ready;
  #made = new Map();
  #view = null;
  #router = new Router(
    (view) => void this.#show(view),
    () => this.place?.mayLeave?.() ?? true,
  );
  /** Which place is shown, or null before the first. */
  place = null;

  /**
   * `places` loads what each view is made of, `make(Place, router)` makes one, `ready()` says whether enough is known to show it; after
   * that changes, call `refresh`.
   */
  constructor(places, make, ready) {
    this.#places = places;
    this.#make = make;
    this.#ready = ready;
  }

  start() {
    onPref((name) => this.place?.preferences?.(name));
    document.addEventListener("fullscreenchange", () => this.place?.resized?.());
    document.addEventListener("visibilitychange", () => this.place?.visible?.(!document.hidden));
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("main").focus();
    });
    startTheme(document.getElementById("theme"));
    startKeys(() => this.place?.keys);
    this.#router.start();
  }

  /** Shows the place if it is not there yet, else tells it that the cameras are others. */
  refresh() {
    if (this.place && !this.#root.contains(this.place.node)) this.#present(false);
    else this.place?.listed?.();
  }

  /** Shows a view; one that needs a module of its own appears once that is there. */
  async #show(wanted) {
    this.#view = wanted;
    const name = wanted.place in this.#places ? wanted.place : "live";
    const made = this.#made;
    try {
      if (!made.has(name)) made.set(name, this.#make(await this.#places[name](), this.#router));
    } catch {
      showToast("This view did not load. Try again in a moment.");
      return;
    }
    if (this.#view !== wanted) return; // another was asked for meanwhile
    const next = made.get(name);
    const moved = this.place !== null && !(this.place === next && next.stays);
    if (this.place !== next) this.place?.leave();
    this.place = next;
    this.#mark(name);
    if (this.#ready()) this.#present(moved);
  }

  /**
   * Puts the place on the page, for what the address names. A place that `stays` is entered anew without losing the focus; one that
   * is come back to may have kept where it was scrolled to and what had the focus (`top`, `held`).
   */
  #present(moved) {
    const { place } = this;
    place.enter(this.#view.at, this.#view.query);
    this.entered?.(place);
    place.visible?.(!document.hidden);
    document.title = `${place.title} · Nightjar`;
    const heading = document.querySelector("main > h1");
    heading.hidden = place.heading === null; // a view of one camera has its own
    text(heading, place.heading ?? "");
    if (!this.#root.contains(place.node)) this.#root.replaceChildren(place.node);
    place.resized?.();
    if (!moved) return;
    scrollTo(0, place.top ?? 0);
    (place.held ?? document.getElementById("main")).focus({ preventScroll: true });
  }

  /** Where the bar's links lead, and which of them is here. Written out, since a relative one would follow the address bar. */
  #mark(name) {
    for (const link of document.querySelectorAll(".brand, .places a")) {
      const { place: to = "live" } = link.dataset;
      link.href = addressOf(to, to === "tune" && (name === "camera" || name === "tune") ? this.#view.at : null);
    }
    for (const link of document.querySelectorAll(".places a"))
      attr(link, "aria-current", link.dataset.place === (WITHIN[name] ?? name) ? "page" : null);
    attr(document.body, "data-place", name);
  }
}
