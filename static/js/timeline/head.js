// What stands above: the day's name, the way to the days before and after it, the strip of a fortnight; and which visits of the
// day are shown: by class, favourites, words.

import { attr, el, icon, keyed, svg, text } from "../dom.js";
import * as said from "../events/words.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { beginOf, plus } from "./day.js";

const FULL_S = 300; // seconds of motion in two hours that make the longest stroke

export class Head {
  #title = el("h1", { class: "voice" });
  #sub = el("p", { class: "s mute" });
  #before = step("The day before", "prev");
  #after = step("The day after", "next");
  #strip = el("nav", { class: "days", "aria-label": "Days" });
  node;

  /** `table()` shows the day's visits as a table. */
  constructor(table) {
    const nav = el("div", { class: "row" }, this.#title, el("div", { class: "nav" }, this.#before, this.#after));
    this.node = el(
      "div",
      { class: "dayhead" },
      el("div", {}, nav, el("div", { class: "row sub" }, this.#sub, tableButton("Visits", table))),
      this.#strip,
    );
  }

  /** Shows `day` among `days`, with what `tally` has of them (or null); the links keep the `filter`. */
  show({ day, days, today, now, tally, sum, filter }) {
    const link = (to) => (to > today ? null : addressOf("timeline", to === today ? null : to, { ...filter, q: null }));
    text(this.#title, said.dayName(beginOf(day), now));
    text(this.#sub, sum);
    attr(this.#before, "href", link(plus(day, -1)));
    attr(this.#after, "href", link(plus(day, 1)));
    attr(this.#after, "aria-disabled", day >= today && "true");
    const isEarly = (date) => days.indexOf(date) < 7;
    keyed(this.#strip, days, String, makeDay, (node, date) => {
      const [bar, name] = node.children;
      attr(bar.firstChild, "d", strokes(tally?.strokes.get(date) ?? []));
      text(name, String(Number(date.slice(8))));
      attr(node, "aria-current", date === day && "date");
      attr(node, "data-far", isEarly(date) !== isEarly(day));
      attr(node, "href", link(date));
      const visits = tally ? `, ${words.count(tally.byDay.get(date) ?? 0, "visit")}` : "";
      attr(node, "aria-label", `${said.dayName(beginOf(date), now)}${visits}`);
    });
  }
}

function step(label, name) {
  return el("a", { class: "btn icon", "aria-label": label, title: label }, icon(name, true));
}

/** What opens a table of the same that is drawn. */
export function tableButton(name, open) {
  const how = { class: "s mute link", "aria-haspopup": "dialog", "aria-label": `${name} as a table` };
  return el("button", { ...how, on: { click: open } }, "Table");
}

function makeDay() {
  const how = { class: "bar", viewBox: "0 0 72 30", preserveAspectRatio: "none", "aria-hidden": "true" };
  return el("a", {}, svg("svg", how, svg("path", { class: "t" })), el("span"));
}

function strokes(seconds) {
  return seconds
    .map((moved, i) => {
      const half = 2 + 11 * Math.sqrt(Math.min(1, moved / FULL_S));
      return moved > 0 ? `M${3 + 6 * i} ${(15 - half).toFixed(1)}v${(2 * half).toFixed(1)}` : "";
    })
    .join("");
}

const LABELS = ["animal", "person", "vehicle", "environment", "unknown"];

/** Everything that can be filtered for, as the address has it; null where it is not. */
export const NONE = { camera: null, label: null, favourite: null, q: null };

export class Filters {
  #pills = el("div", { class: "pills", role: "group", "aria-label": "Show only" });
  #search;
  #review = el("a", { class: "btn" }, el("span"), el("kbd", { "aria-hidden": "true" }, "R"));
  node;

  /** `searched(words)` is called as they are typed. */
  constructor(searched) {
    this.#search = el("input", {
      type: "search",
      class: "field",
      placeholder: "Search",
      "aria-label": "Search the visits",
      maxlength: 200,
      on: { input: () => searched(this.#search.value.trim() || null) },
    });
    this.node = el("div", { class: "filters" }, this.#pills, el("div", { class: "find" }, this.#search, this.#review));
  }

  /**
   * `all`: the visits that are counted, or null where they are too many to be known here; how many they are is `total` then;
   * `link(change)`: another filter's address.
   */
  show(filter, all, total, link) {
    const { label, favourite } = filter;
    const pill = (key, word, fits, on, to) => ({
      key,
      word,
      n: all?.filter(fits).length ?? (key === "all" ? total : ""),
      on,
      to,
    });
    const pills = [
      pill("all", "All", () => true, !label && !favourite, { label: null, favourite: null }),
      ...LABELS.map((name) => {
        const on = label === name;
        const to = { label: on ? null : name, favourite: null };
        return pill(name, words.labelName(name), (event) => event.label === name, on, to);
      }),
      pill("star", "Favourites", (event) => event.favourite, favourite, {
        label: null,
        favourite: favourite ? null : "1",
      }),
    ];
    keyed(
      this.#pills,
      pills,
      ({ key }) => key,
      makePill,
      (node, { word, n, on, to }) => {
        text(node.lastChild.previousSibling, word);
        text(node.lastChild, String(n));
        attr(node, "aria-current", Boolean(on));
        attr(node, "href", link(to));
      },
    );
    if (this.#search !== document.activeElement) this.#search.value = filter.q ?? "";
  }

  /** Offers to look at `first`, of `unseen` that nobody has looked at. */
  offer(unseen, first) {
    text(this.#review.firstChild, unseen > 0 ? `Review ${unseen} new` : "Review");
    attr(this.#review, "href", first ? addressOf("event", first.id, { review: "1" }) : null);
    attr(this.#review, "aria-disabled", !first && "true");
  }

  review() {
    this.#review.click();
  }
}

function makePill({ key }) {
  return el("a", { class: "pill" }, key === "all" ? null : icon(key, true), el("span"), el("span", { class: "n" }));
}
