// Which event comes before and after another: newest first, as in the timeline.

import { events, isOpen } from "../events/model.js";
import { startOf } from "../events/words.js";

const PAGE = 200;
const MOST = 2_000;
const FILTERS = ["camera", "label", "favourite", "origin", "q"];

/** The part of an address's query that says which events are meant. */
export const filterOf = (query) =>
  Object.fromEntries(FILTERS.map((key) => [key, query.get(key)]).filter(([, value]) => value));

export class Order {
  #filter = {};
  #key = null;
  #dropped = {};
  all = [];
  /** Whether all of them are known. */
  whole = false;

  /**
   * Learns which events stand around `event`: those of its day, or in a review all that nobody has looked at, if there are any.
   * `learnt()` is called after each page.
   */
  async around(event, filter, review, learnt) {
    const [from, to] = day(startOf(event));
    const key = JSON.stringify([filter, review || from]);
    if (key === this.#key) return this.take(event);
    this.#key = key;
    try {
      this.#filter = { ...filter, seen: "false" };
      if (review && (await this.#pages(event, key, learnt)) > 0) return;
      this.#filter = { ...filter, from, to };
      await this.#pages(event, key, learnt);
    } catch {
      this.#key = null; // asked for again with the next event
    }
  }

  /** Returns how many there are beside `event`. */
  async #pages(event, key, learnt) {
    const found = [];
    this.all = [event];
    this.whole = false;
    let cursor = null;
    do {
      const page = await events.list({ ...this.#filter, limit: PAGE }, cursor);
      if (key !== this.#key) return 1; // others were asked for meanwhile
      found.push(...page.events);
      this.all = [...found];
      if (this.place(event.id) < 0) this.take(event);
      cursor = page.next;
      this.whole = !cursor;
      learnt();
    } while (cursor && found.length < MOST);
    return this.all.length - 1;
  }

  /** Puts an event where it belongs; what is there already is replaced. */
  take(event) {
    const at = this.place(event.id);
    if (at >= 0) return void (this.all[at] = event);
    const older = this.all.findIndex((other) => startOf(other) < startOf(event));
    const last = older < 0 ? this.all.length : older;
    this.all.splice(event.id === this.#dropped.id ? this.#dropped.at : last, 0, event);
    this.#dropped = {};
  }

  /** Whether an event that has just come is one of them. */
  fits(event) {
    const { camera, label, favourite, from, to, ...rest } = this.#filter;
    if (isOpen(event) || !from || Object.keys(rest).length > 0) return false;
    const start = startOf(event);
    if (start < Date.parse(from) || start >= Date.parse(to)) return false;
    return (!camera || camera === event.camera) && (!label || label === event.label) && (!favourite || event.favourite);
  }

  /** Takes one out; should it come back, it comes back where it was. */
  drop(id) {
    const at = this.place(id);
    if (at < 0) return;
    this.#dropped = { id, at };
    this.all.splice(at, 1);
  }

  place(id) {
    return this.all.findIndex((event) => event.id === id);
  }

  /** The one `by` places from another; undefined at the ends. */
  beside(id, by) {
    const at = this.place(id);
    return at < 0 ? undefined : this.all[at + by];
  }
}

function day(start) {
  const from = new Date(start);
  from.setHours(0, 0, 0, 0);
  const to = new Date(from);
  to.setDate(to.getDate() + 1);
  return [from.toISOString(), to.toISOString()];
}
