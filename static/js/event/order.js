// Which event comes before and after another: those of one day, or all that a filter finds, oldest first.

import { events, isOpen } from "../events/model.js";
import { startOf } from "../events/words.js";

const PAGE = 200;
const MOST = 2_000;
const FILTERS = ["camera", "label", "favourite", "seen", "origin", "min_length_s", "q"];

/** The part of an address's query that says which events are meant. */
export const filterOf = (query) => Object.fromEntries(FILTERS.map((key) => [key, query.get(key)]).filter(([, value]) => value));

export class Order {
  #filter = {};
  #key = null;
  all = [];
  /** Whether all of them are known. */
  whole = false;

  /**
   * Learns which events stand around `event`: of its day, or, where only unseen ones are wanted, of any day. `learnt()` is called
   * after each page.
   */
  async around(event, filter, learnt) {
    const [from, to] = filter.seen ? [undefined, undefined] : day(startOf(event));
    const key = JSON.stringify([filter, from]);
    if (key === this.#key) return this.take(event);
    this.#key = key;
    this.#filter = { ...filter, from, to };
    this.all = [event];
    this.whole = false;
    let cursor = null;
    try {
      do {
        const page = await events.list({ ...this.#filter, order: "oldest", limit: PAGE }, cursor);
        if (key !== this.#key) return;
        for (const one of page.events) this.take(one);
        cursor = page.next;
        this.whole = !cursor;
        learnt();
      } while (cursor && this.all.length < MOST);
    } catch {
      this.#key = null; // asked for again with the next event
    }
  }

  /** Puts an event where it belongs; what is there already is replaced. */
  take(event) {
    const at = this.place(event.id);
    if (at >= 0) this.all[at] = event;
    else {
      const before = this.all.findLastIndex((other) => startOf(other) < startOf(event) || (startOf(other) === startOf(event) && other.id < event.id));
      this.all.splice(before + 1, 0, event);
    }
  }

  /** Whether an event that has just come is one of them. */
  fits(event) {
    const { camera, label, favourite, from, to, ...rest } = this.#filter;
    if (isOpen(event) || Object.keys(rest).some((key) => rest[key])) return false;
    const start = startOf(event);
    return (
      start >= Date.parse(from) && start < Date.parse(to) && (!camera || camera === event.camera) && (!label || label === event.label) && (!favourite || event.favourite)
    );
  }

  drop(id) {
    this.all = this.all.filter((event) => event.id !== id);
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
