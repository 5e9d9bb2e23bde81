// Every view has an address: `/`, `/camera/garden`, `/tune/garden`. Back always works, and a link may be opened elsewhere.

import { url } from "./api.js";

const VIEWS = { camera: "camera", tune: "tune" };

/** The view at an address of this page, as `{ place, camera }` (`camera` is null where it names none), or null if it is none. */
export function viewAt(address) {
  const root = url("/");
  const here = new URL(address, location.href);
  if (here.origin !== root.origin || !here.pathname.startsWith(root.pathname)) return null;
  const [first, id, ...rest] = here.pathname.slice(root.pathname.length).split("/");
  if (first === "" && id === undefined) return { place: "live", camera: null };
  if (!Object.hasOwn(VIEWS, first) || rest.length > 0 || (first === "camera" && !id)) return null;
  return { place: VIEWS[first], camera: id ? decodeURIComponent(id) : null };
}

/** The address of a view. */
export function addressOf(place, camera = null) {
  if (place === "live") return url("/").href;
  return url(camera === null ? place : `${place}/${encodeURIComponent(camera)}`).href;
}

/**
 * Calls `show(view)` now and whenever the view changes: by a link of the page, by `go`, by Back. `mayLeave()` is asked before a
 * link or `go` leads away.
 */
export class Router {
  #show;
  #mayLeave;

  constructor(show, mayLeave) {
    this.#show = show;
    this.#mayLeave = mayLeave;
    addEventListener("popstate", () => this.#here());
    document.addEventListener("click", (event) => this.#clicked(event));
  }

  start() {
    this.#here();
  }

  /** Goes to a view as if its link had been followed. */
  go(place, camera = null) {
    const address = addressOf(place, camera);
    if (address === location.href) return;
    if (!this.#mayLeave()) return;
    history.pushState(null, "", address);
    this.#here();
  }

  #here() {
    this.#show(viewAt(location.href) ?? { place: "live", camera: null });
  }

  #clicked(event) {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
    const view = viewAt(link.href);
    if (!view) return;
    event.preventDefault();
    this.go(view.place, view.camera);
  }
}
