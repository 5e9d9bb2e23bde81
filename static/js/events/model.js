// The events that are kept: pages of them, one of them, what somebody says of them, deletion that can be undone, and news as it
// comes. One for the whole page; draws nothing but the toast of a deletion.

import { getJson, patch, send, url } from "../api.js";
import { showToast } from "../notice.js";

const UNDO_MS = 8_000; // nothing leaves the disk before
const HIDDEN_STOP_MS = 60_000;
const AGAIN_MS = 10_000;
const KEPT = 1_000;
const LONGEST_MS = 3_600_000; // of one event

const pathOf = (id) => `api/v1/events/${encodeURIComponent(id)}`;

/** Whether an event is still being recorded. */
export const isOpen = (event) => event.state === "recording";

/**
 * Tells `change` (detail: an event that is new or another than before), `gone` (detail: an id) and `reset` (whatever was known may
 * be old: ask again).
 */
class Events extends EventTarget {
  #known = new Map();
  #leaving = []; // deletions that can be undone, oldest first
  #news = null;
  #hidden = 0;

  constructor() {
    super();
    addEventListener("pagehide", () => [...this.#leaving].forEach((deed) => this.#delete(deed)));
    document.addEventListener("visibilitychange", () => this.#looked());
  }

  /** An event as far as it is known here, without asking; undefined if it is not. */
  get(id) {
    return this.#known.get(id);
  }

  /** Those that are being recorded, as far as news of them came. */
  get open() {
    return [...this.#known.values()].filter((event) => isOpen(event) && !this.leaves(event.id));
  }

  /** Whether somebody has deleted it here and may still undo that. */
  leaves(id) {
    return this.#leaving.some(({ ids }) => ids.includes(id));
  }

  /** A page of `{ events, next }`. `filter` has the keys of the API; those without a value are left out. */
  async list(filter, cursor = null) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...filter, cursor })) if (value || value === 0) query.set(key, value);
    const { events: found, next } = await getJson(`api/v1/events?${query}`);
    return { events: found.map((event) => this.#keep(event)).filter(({ id }) => !this.leaves(id)), next };
  }

  /** One event, asked for anew. */
  async one(id) {
    return this.#keep(await getJson(pathOf(id)));
  }

  /** The one that a camera was recording at `when` (Unix milliseconds), or null. */
  async at(camera, when) {
    const iso = (at) => new Date(at).toISOString();
    const { events: found } = await this.list({ camera, from: iso(when - LONGEST_MS), to: iso(when + 1000), limit: 1 });
    return found.find(({ end_time }) => Date.parse(end_time) >= when) ?? null;
  }

  /** The boxes and gates of an event, by the clip's time. */
  track(id) {
    return getJson(`${pathOf(id)}/track`);
  }

  /** Changes `label`, `favourite`, `note` or `seen`: shown at once, taken back if the server refuses. Returns whether it was taken. */
  async change(id, change) {
    const before = this.#known.get(id);
    if (before)
      this.learn({ ...before, ...change, ...("label" in change ? { label_by: "person", confidence: 1 } : {}) });
    try {
      this.learn(await patch(pathOf(id), change));
      return true;
    } catch (error) {
      if (before) this.learn(before);
      showToast(`That was not kept. ${error.message}`, error.requestId);
      return false;
    }
  }

  /** Deletes events after 8 s, unless `undo` is called; they count as gone at once. `said`: the toast's words. */
  remove(ids, said = ids.length === 1 ? "Deleted." : `${ids.length} visits deleted.`) {
    const deed = { ids };
    deed.close = showToast(said, "", { word: "Undo", run: () => this.undo(deed) });
    deed.timer = setTimeout(() => this.#delete(deed), UNDO_MS);
    this.#leaving.push(deed);
    ids.forEach((id) => this.#tell("gone", id));
  }

  /** Takes the last deletion back, or the given one. Returns whether there was one. */
  undo(deed = this.#leaving.at(-1)) {
    if (!this.#drop(deed)) return false;
    deed.ids.forEach((id) => this.#known.has(id) && this.#tell("change", this.#known.get(id)));
    return true;
  }

  #drop(deed) {
    if (!this.#leaving.includes(deed)) return false;
    this.#leaving = this.#leaving.filter((other) => other !== deed);
    clearTimeout(deed.timer);
    deed.close();
    return true;
  }

  async #delete(deed) {
    const { ids } = deed;
    clearTimeout(deed.timer);
    try {
      if (ids.length === 1) await send("DELETE", pathOf(ids[0]), undefined, { keepalive: true });
      else await send("POST", "api/v1/events/delete", { ids }, { keepalive: true });
      this.#drop(deed);
      ids.forEach((id) => this.#known.delete(id));
    } catch (error) {
      if (error.status === 404 && ids.length === 1) return void this.#drop(deed);
      this.undo(deed);
      showToast(`Nothing was deleted. ${error.message}`, error.requestId);
    }
  }

  #keep(told) {
    const event = { uploads: this.#known.get(told.id)?.uploads ?? [], ...told }; // the news do not tell of them
    this.#known.delete(event.id); // the last one heard of is the last to be forgotten
    this.#known.set(event.id, event);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value);
    return event;
  }

  /** Takes what the server said of an event, and tells who shows it. */
  learn(told) {
    const event = this.#keep(told);
    if (!this.leaves(event.id)) this.#tell("change", event);
  }

  #lost(id) {
    this.#known.delete(id);
    this.#tell("gone", id);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Listens to the server's news from now on; while the page is hidden, for a minute only. */
  follow() {
    if (this.#news) return;
    const news = (this.#news = new EventSource(url("api/v1/events/stream")));
    for (const type of ["start", "update", "end"])
      news.addEventListener(type, ({ data }) => this.learn(JSON.parse(data)));
    news.addEventListener("delete", ({ data }) => this.#lost(JSON.parse(data).id));
    news.addEventListener("reset", () => this.#tell("reset"));
    // what is being recorded is told first; what ended meanwhile is told by its number, or not at all
    news.addEventListener("open", () => this.open.forEach(({ id }) => this.#lost(id)));
    // the browser tries again by itself, and says what it heard last, unless the answer was a refusal
    news.addEventListener("error", () => {
      if (news.readyState === EventSource.CLOSED && this.#news === news) setTimeout(() => this.#again(news), AGAIN_MS);
    });
  }

  #again(news) {
    if (this.#news !== news || document.hidden) return;
    this.#stop();
    this.follow();
    this.#tell("reset");
  }

  #stop() {
    this.#news.close();
    this.#news = null;
  }

  #looked() {
    clearTimeout(this.#hidden);
    if (!this.#news) return;
    if (document.hidden) this.#hidden = setTimeout(() => this.#news.close(), HIDDEN_STOP_MS);
    else if (this.#news.readyState === EventSource.CLOSED) this.#again(this.#news);
  }
}

/** All events of the server. */
export const events = new Events();
