// The visits of one day as the filters want them: fetched, counted, kept up with the news, found by time. Draws nothing.

import { getJson } from "../api.js";
import { events, isOpen } from "../events/model.js";
import * as said from "../events/words.js";

const PAGE = 200;
const MOST = 1_000; // a day of so many visits is known whole: class and favourites then need no word from the server

export const iso = (at) => new Date(at).toISOString();

/** What moved from `from` to `to`, by camera: seconds of motion and visits in bins of `seconds`. */
export async function lanes(from, to, seconds) {
  const span = { from: iso(from), to: iso(to), bin_s: seconds };
  const { cameras } = await getJson(`api/v1/timeline?${new URLSearchParams(span)}`);
  return new Map(cameras.map((lane) => [lane.id, lane]));
}

export class Visits {
  #from = 0;
  #to = 0;
  #filter = {};
  #list = []; // newest first, without those that go on
  #next = null; // where the list goes on
  #asked = null;
  /** Something is known, if only that there is nothing. */
  known = false;
  /** All of the day are known, whatever their class. */
  whole = false;

  /** Is of the day `from`–`to` from now on; what is known already and still fits stays. */
  of(from, to, filter) {
    const { camera, q, label, favourite } = this.#filter;
    const other = this.#from !== from || camera !== filter.camera || q !== filter.q;
    this.#filter = filter;
    this.#from = from;
    this.#to = to;
    if (other) this.#list = [];
    if (other || (!this.whole && (label !== filter.label || favourite !== filter.favourite))) this.forget();
  }

  /** What is known may be old: the next `load` asks for all of it. */
  forget() {
    this.known = this.whole = false;
    this.#next = null;
  }

  /**
   * Asks for what is not known: the whole day unless it is one of very many visits, else the first page of what is wanted. `came()` is
   * called once there is something to show.
   */
  async load(came) {
    if (this.known) return;
    const asked = (this.#asked = {});
    const { camera, q, label, favourite } = this.#filter;
    let { events: found, next } = await this.#page({ camera, q });
    const some = next && (label || favourite) ? await this.#page(this.#filter) : null;
    if (this.#asked !== asked) return;
    this.#list = some?.events ?? found;
    if (next) came();
    while (next && found.length < MOST) {
      const page = await this.#page({ camera, q }, next);
      if (this.#asked !== asked) return;
      found.push(...page.events);
      ({ next } = page);
    }
    this.whole = next === null;
    if (this.whole) this.#list = found;
    else this.#next = some ? some.next : next;
    this.known = true;
  }

  /** Asks for the next page, if there is one; returns whether something came. */
  async further() {
    const asked = this.#asked;
    const cursor = this.#next;
    if (!cursor) return false;
    this.#next = null; // not twice
    try {
      const { events: found, next } = await this.#page(this.#filter, cursor);
      if (this.#asked !== asked) return false;
      this.#list.push(...found);
      this.#next = next;
      return true;
    } catch (error) {
      if (this.#asked === asked) this.#next = cursor;
      throw error;
    }
  }

  #page({ favourite, ...rest }, cursor = null) {
    const span = { from: iso(this.#from), to: iso(this.#to), limit: PAGE };
    return events.list({ ...span, ...rest, favourite: favourite && "true" }, cursor);
  }

  /** Takes the news of an event; null if it is gone. */
  hear(id, event) {
    const at = this.#list.findIndex((known) => known.id === id);
    const stays = event && !isOpen(event) && this.#fits(event, at >= 0);
    if (at >= 0) this.#list.splice(at, 1);
    if (!stays) return;
    const start = said.startOf(event);
    const before = this.#list.findIndex((known) => said.startOf(known) <= start);
    if (before >= 0) this.#list.splice(before, 0, event);
    else if (this.#next === null) this.#list.push(event);
  }

  /** Whether an event belongs in the list; only the server can say what a search finds, so what `was` there stays. */
  #fits(event, was = false) {
    const at = said.startOf(event);
    const { camera, q } = this.#filter;
    const wanted = (!camera || event.camera === camera) && (!q || was) && (this.whole || this.#isWanted(event));
    return wanted && at >= this.#from && at < this.#to;
  }

  #isWanted({ label, favourite }) {
    return (!this.#filter.label || label === this.#filter.label) && (!this.#filter.favourite || favourite);
  }

  /** All that are known, newest first; with those that go on. */
  get all() {
    const open = events.open.filter((event) => this.#fits(event));
    return [...open.sort((a, b) => said.startOf(b) - said.startOf(a)), ...this.#list];
  }

  /** Those that have ended, whatever their class: what is counted. Null where not all are known. */
  get ended() {
    return this.whole ? this.#list : null;
  }

  /** Those of all that the filters want. */
  get shown() {
    return this.all.filter((event) => this.#isWanted(event));
  }

  /** The one next to `t`, if it is within `reach` ms. */
  near(t, reach, camera) {
    const far = (event) => Math.max(said.startOf(event) - t, t - said.endOf(event), 0);
    const of = this.shown.filter((event) => !camera || event.camera === camera);
    const best = of.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
    return best && far(best) <= reach ? best : null;
  }

  /** The first one after `t`, or the last one before it; asked of the server where not all are known. */
  async beside(t, by) {
    const after = (event) => said.startOf(event) > t + 999;
    const before = (event) => said.startOf(event) < t - 999;
    if (this.whole) return by > 0 ? this.shown.findLast(after) : this.shown.find(before);
    const side = by > 0 ? { from: iso(t + 999), order: "oldest" } : { to: iso(t - 999) };
    const { events: found } = await events.list({
      from: iso(this.#from),
      to: iso(this.#to),
      ...this.#filter,
      favourite: this.#filter.favourite && "true",
      ...side,
      limit: 1,
    });
    return found[0];
  }
}
