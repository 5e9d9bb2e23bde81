// Every view has an address: `/`, `/camera/garden`, `/tune/garden`, `/timeline/2026-06-19?label=animal`, `/event/<ID>`, `/uploads`;
// `/disk` on a hub. Back always works, and a link may be opened elsewhere.

import { url } from "./api.js";

const VIEWS = new Set(["camera", "tune", "timeline", "event", "uploads", "disk"]);
const NEEDS_ONE = new Set(["camera", "event"]);

/**
 * The view at an address of this page, as `{ place, at, query }`, or null if it is none. `at` is what the address names (a camera,
 * a day, an event) or null, `query` a URLSearchParams.
 */
export function viewAt(address) {
  const root = url("/");
  const here = new URL(address, location.href);
  if (here.origin !== root.origin || !here.pathname.startsWith(root.pathname)) return null;
  const [first, id, ...rest] = here.pathname.slice(root.pathname.length).split("/");
  const query = here.searchParams;
  if (first === "" && id === undefined) return { place: "live", at: null, query };
  if (!VIEWS.has(first) || rest.length > 0 || (NEEDS_ONE.has(first) && !id)) return null;
  return { place: first, at: id ? decodeURIComponent(id) : null, query };
}

/** The address of a view; `query` keys without a value are left out. */
export function addressOf(place, at = null, query = {}) {
  const address = url(place === "live" ? "/" : at === null ? place : `${place}/${encodeURIComponent(at)}`);
  for (const [key, value] of Object.entries(query)) if (value) address.searchParams.set(key, value);
  return address.href;
}

/**
 * Calls `show(view)` now and whenever the view changes: by a link of the page, by `go`, by Back. `mayLeave()` is asked before a
 * link or `go` leads away.
 */
export class Router {
  #show;
  #mayLeave;
  /** The view that a link or `go` led away from last, or null. */
  from = null;

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
  go(place, at = null, query = {}) {
    const address = addressOf(place, at, query);
    if (address === location.href || !this.#mayLeave()) return;
    this.from = viewAt(location.href);
    history.pushState(null, "", address);
    this.#here();
  }

  /** Writes another address for what is shown already, so that it can be linked to; nothing is entered. */
  rewrite(place, at = null, query = {}) {
    const address = addressOf(place, at, query);
    if (address !== location.href) history.replaceState(history.state, "", address);
  }

  #here() {
    this.#show(viewAt(location.href) ?? viewAt(url("/").href));
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
    this.go(view.place, view.at, Object.fromEntries(view.query));
  }
}
