// The Timeline place: one day on all cameras, the visits of that day as posters, and how they come. What is shown stands in the
// address: the day, the filters, the time at the playhead.

import { getJson } from "../api.js";
import { attr, el, icon, keyed, svg, text } from "../dom.js";
import { events, isOpen } from "../events/model.js";
import * as said from "../events/words.js";
import { openTable } from "../live/peek.js";
import { showToast } from "../notice.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { Aside, tally } from "./aside.js";
import { Band } from "./band.js";
import { Cards } from "./cards.js";
import { beginOf, fortnight, momentOf, plus, valid } from "./day.js";

const LABELS = ["animal", "person", "vehicle", "environment", "unknown"];
const PAGE = 200; // a day of so many visits is known whole: filters then need no word from the server
const BIN_S = 60;
const HOUR_S = 3600;
const SETTLE_MS = 300;
const NEWS_MS = 1_500; // after a visit, before the plots are asked for anew
const DRAW_MS = 20_000;

export class TimelinePlace {
  name = "timeline";
  heading = null; // it has one of its own
  title = "Timeline";
  stays = true; // going to another day keeps the focus where it was
  keys = { r: { word: "Review", run: () => this.#review.click() } };
  /** Where it was scrolled to, and what had the focus, when it was left for the same address. */
  top = 0;
  held = null;
  #cameras;
  #clock;
  #router;
  #day = null;
  #following = false; // the address names no day: it is always today
  #filter = { camera: null, label: null, favourite: null, q: null };
  #t = null; // where the playhead was put, or null
  #list = []; // newest first, without those that go on
  #next = null; // where the list goes on
  #base = null; // the list is of the day without label and favourite, and whole
  #asked = null;
  #lanes = null;
  #days = [];
  #tally = null;
  #unseen = null;
  #storage = null;
  #drawnAt = 0;
  #timers = {};
  #title = el("h1", { class: "voice" });
  #sub = el("p", { class: "s mute" });
  #before = step("The day before", "prev");
  #after = step("The day after", "next");
  #strip = el("nav", { class: "days", "aria-label": "Days" });
  #band;
  #cards = new Cards();
  #aside = new Aside();
  #pills = el("div", { class: "pills", role: "group", "aria-label": "Show only" });
  #search = el("input", { type: "search", class: "field", placeholder: "Search", "aria-label": "Search the visits" });
  #review = el("a", { class: "btn" }, el("span", {}, "Review"), el("kbd", {}, "R"));
  #more = el("div", { class: "more", "aria-hidden": "true" });
  #emptyWords = el("h2", { class: "voice" });
  #emptyLink = el("a", { class: "btn" });
  #empty = el(
    "div",
    { class: "empty", hidden: true },
    svg("svg", { class: "bird", viewBox: "0 0 36 26", "aria-hidden": "true" }, svg("use", { href: "#bird" })),
    this.#emptyWords,
    this.#emptyLink,
  );
  node;

  constructor(cameras, socket, router) {
    this.#cameras = cameras;
    this.#clock = socket.clock;
    this.#router = router;
    this.#band = new Band({
      seek: (t) => this.#seek(t),
      step: (by) => void this.#step(by).catch((error) => this.#failed(error)),
      near: (t, reach, camera) => this.#near(t, reach, camera),
      open: (event) => router.go("event", event.id),
      lanes,
    });
    this.#search.addEventListener("input", () => this.#later("search", SETTLE_MS, () => this.#searched()));
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.#further(), { rootMargin: "600px" }).observe(
      this.#more,
    );
    for (const type of ["change", "gone", "reset"])
      events.addEventListener(type, ({ detail }) => this.#day && this.#heard(type, detail));
    this.node = el("div", { class: "timeline" }, ...this.#layout());
  }

  #layout() {
    const table = el(
      "button",
      { type: "button", class: "s mute link", "aria-haspopup": "dialog", on: { click: () => this.#table() } },
      "Table",
    );
    const nav = el("div", { class: "row" }, this.#title, el("div", { class: "nav" }, this.#before, this.#after));
    return [
      el(
        "div",
        { class: "dayhead" },
        el("div", {}, nav, el("div", { class: "row sub" }, this.#sub, table)),
        this.#strip,
      ),
      el("section", { "aria-label": "The day on all cameras" }, this.#band.node),
      el(
        "div",
        { class: "tl" },
        el(
          "section",
          { "aria-label": "Visits" },
          el("div", { class: "filters" }, this.#pills, this.#search, this.#review),
          this.#empty,
          this.#cards.node,
          this.#more,
        ),
        this.#aside.node,
      ),
    ];
  }

  enter(day, query) {
    const today = said.dayOf(this.#now);
    const filter = Object.fromEntries(Object.keys(this.#filter).map((key) => [key, query.get(key) || null]));
    const wanted = valid(day) ?? today;
    const same = this.#day === wanted && JSON.stringify(filter) === JSON.stringify(this.#filter);
    if (!same) this.top = this.held = null;
    const fresh = this.#day !== wanted || filter.camera !== this.#filter.camera || filter.q !== this.#filter.q;
    this.#following = valid(day) === null;
    this.#day = wanted;
    this.#filter = filter;
    this.#t = momentOf(wanted, query.get("t"));
    this.title = `${said.dayName(beginOf(wanted), this.#now)} · Timeline`;
    this.#days = fortnight(wanted, today);
    if (fresh) {
      this.#list = [];
      this.#lanes = this.#base = null;
    }
    if (this.#search !== document.activeElement) this.#search.value = filter.q ?? "";
    events.follow();
    this.#show();
    if (!same || !this.#asked) this.#load();
    else this.#plots(); // come back to: what is there stays, and what may be old is asked for
  }

  leave() {
    this.top = scrollY;
    this.held = this.node.contains(document.activeElement) ? document.activeElement : null;
    Object.values(this.#timers).forEach(clearTimeout);
  }

  listed() {
    this.#show();
  }

  changed() {
    this.#draw();
  }

  tick() {
    if (this.#following && said.dayOf(this.#now) !== this.#day) this.enter(null, new URL(location).searchParams);
    else if (performance.now() - this.#drawnAt > DRAW_MS) this.#draw();
  }

  get #now() {
    return this.#clock.now();
  }

  get #from() {
    return beginOf(this.#day);
  }

  get #to() {
    return beginOf(this.#day, 1);
  }

  get #isToday() {
    return this.#day === said.dayOf(this.#now);
  }

  #later(name, ms, run) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(run, ms);
  }

  #nameOf = (id) => this.#cameras.get(id)?.name ?? id;

  /** The address of the day with another filter; what is set already is taken back. */
  #link(change) {
    const { ...query } = { ...this.#filter, t: this.#t === null ? null : words.time(this.#t), ...change };
    return addressOf("timeline", this.#following ? null : this.#day, query);
  }

  // what is asked of the server

  async #load() {
    const asked = (this.#asked = {});
    this.#plots();
    try {
      const { camera, q, label, favourite } = this.#filter;
      if (!this.#base) await this.#fetch(asked, { camera, q });
      if (this.#asked === asked && !this.#base && (label || favourite)) await this.#fetch(asked, this.#filter);
    } catch (error) {
      if (this.#asked === asked) this.#failed(error);
    }
    if (this.#asked === asked) this.#show();
  }

  async #fetch(asked, filter) {
    const { events: found, next } = await this.#page(filter);
    if (this.#asked !== asked) return;
    this.#list = found;
    this.#next = next;
    this.#base = next === null && !filter.label && !filter.favourite;
  }

  /** A page of the day's visits. */
  #page({ favourite, ...rest }, cursor = null) {
    const span = { from: iso(this.#from), to: iso(this.#to), limit: PAGE };
    return events.list({ ...span, ...rest, favourite: favourite && "true" }, cursor);
  }

  /** The next page, once the end of this one comes near. */
  async #further() {
    const asked = this.#asked;
    const cursor = this.#next;
    if (!cursor || !this.#day) return;
    this.#next = null;
    try {
      const { events: found, next } = await this.#page(this.#filter, cursor);
      if (this.#asked !== asked) return;
      this.#list.push(...found);
      this.#next = next;
      this.#show();
    } catch (error) {
      this.#next = cursor;
      this.#failed(error);
    }
  }

  #failed(error) {
    showToast(`The visits could not be fetched. ${error.message}`, error.requestId);
  }

  /** Everything but the list: it may be old, and nothing waits for it. */
  async #plots() {
    const day = this.#day;
    const days = this.#days;
    const all = [
      lanes(this.#from, this.#to, BIN_S).then((found) => {
        if (this.#day === day) this.#lanes = found;
      }),
      lanes(beginOf(days[0]), beginOf(days[13], 1), HOUR_S).then((lane) => {
        if (this.#days === days || this.#days[0] === days[0]) this.#tally = tally(lane, HOUR_S, days);
      }),
      getJson("api/v1/storage").then((storage) => {
        this.#storage = storage;
        this.#aside.disk(storage);
      }),
      events.list({ seen: "false", limit: 1 }).then(({ events: [first] }) => (this.#unseen = first ?? null)),
    ];
    await Promise.allSettled(all.map((part) => part.then(() => this.#day === day && this.#show())));
  }

  // what happens meanwhile

  #heard(type, detail) {
    if (type === "reset") return this.#again();
    const id = type === "gone" ? detail : detail.id;
    const at = this.#list.findIndex((event) => event.id === id);
    if (at >= 0) this.#list.splice(at, 1);
    if (type === "change" && !isOpen(detail) && this.#belongs(detail)) {
      const after = this.#list.findIndex(({ start_time }) => Date.parse(start_time) <= said.startOf(detail));
      if (after >= 0) this.#list.splice(after, 0, detail);
      else if (this.#next === null) this.#list.push(detail);
    }
    this.#later("show", 50, () => this.#show());
    this.#later("news", NEWS_MS, () => this.#plots());
  }

  #again() {
    this.#base = null;
    this.#load();
  }

  #belongs(event) {
    const at = said.startOf(event);
    const { camera, label, favourite, q } = this.#filter;
    const known = this.#base || ((!label || event.label === label) && (!favourite || event.favourite));
    const there = this.#list.some(({ id }) => id === event.id);
    return at >= this.#from && at < this.#to && (!camera || event.camera === camera) && (!q || there) && known;
  }

  // where the playhead is

  get #shown() {
    const { label, favourite } = this.#filter;
    const open = events.open.filter((event) => this.#belongs(event));
    return [...open.sort((a, b) => said.startOf(b) - said.startOf(a)), ...this.#list].filter(
      (event) => (!label || event.label === label) && (!favourite || event.favourite),
    );
  }

  get #at() {
    const newest = this.#shown[0];
    return this.#t ?? (newest ? said.startOf(newest) : this.#isToday ? this.#now : this.#from + 43_200_000);
  }

  #seek(t) {
    this.#t = t;
    this.#draw();
    this.#later("address", SETTLE_MS, () => this.#write());
  }

  #write() {
    if (!this.node.isConnected) return;
    this.#showPills(); // its links tell the time, too
    const t = this.#t === null ? null : words.time(this.#t);
    this.#router.rewrite("timeline", this.#following ? null : this.#day, { ...this.#filter, t });
  }

  #nearest(t, reach, camera) {
    const far = (event) => Math.max(said.startOf(event) - t, t - said.endOf(event, this.#now), 0);
    const of = this.#shown.filter((event) => !camera || event.camera === camera);
    const best = of.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
    return best && far(best) <= reach ? best : null;
  }

  /** The visit at `t`; asked of the server where not all of the day's are known. */
  async #near(t, reach, camera) {
    const near = this.#nearest(t, reach, camera) ?? (camera && this.#nearest(t, reach, null));
    if (near || this.#base) return near;
    try {
      const { events: found } = await events.list({ from: iso(t - reach), to: iso(t + reach), camera, limit: 1 });
      return found[0] ?? null;
    } catch {
      return null;
    }
  }

  async #step(by) {
    const t = this.#at;
    const starts = this.#shown.map(said.startOf);
    let next = by > 0 ? starts.findLast((at) => at > t + 999) : starts.find((at) => at < t - 999);
    if (!this.#base) {
      const side = by > 0 ? { from: iso(t + 999), order: "oldest" } : { to: iso(t - 999) };
      const { events: found } = await this.#page({ ...this.#filter, ...side, limit: 1 });
      next = found[0] && said.startOf(found[0]);
    }
    if (next !== undefined) this.#seek(next);
  }

  // what is drawn

  #show() {
    if (!this.#day) return;
    const shown = this.#shown;
    const today = said.dayOf(this.#now);
    text(this.#title, said.dayName(this.#from, this.#now));
    text(this.#sub, this.#summary());
    attr(this.#before, "href", addressOf("timeline", plus(this.#day, -1), { ...this.#filter, q: null }));
    const last = this.#day >= today;
    attr(this.#after, "aria-disabled", last && "true");
    const after = plus(this.#day, 1);
    attr(
      this.#after,
      "href",
      last ? null : addressOf("timeline", after === today ? null : after, { ...this.#filter, q: null }),
    );
    this.#showDays(today);
    this.#showPills();
    this.#showReview();
    this.#draw(shown);
    attr(this.node, "data-waiting", this.#base === null);
    this.#empty.hidden = shown.length > 0 || this.#base === null;
    if (!this.#empty.hidden) this.#showEmpty();
  }

  #draw(shown = this.#shown) {
    if (!this.#day) return;
    this.#drawnAt = performance.now();
    const t = this.#at;
    const chosen = this.#nearest(t, 150_000, null);
    const now = this.#now;
    this.#cards.show(
      shown,
      this.#nameOf,
      this.#t === null ? null : chosen?.id,
      this.#isToday ? (new Date(now).getHours() / 6) | 0 : null,
    );
    this.#aside.show(this.#tally, this.#days, this.#day, new Date(t).getHours(), said.dayOf(now));
    this.#band.show({
      cameras: this.#cameras.all,
      lanes: this.#lanes,
      bin: BIN_S * 1000,
      from: this.#from,
      to: this.#to,
      now,
      t,
      chosen,
      open: shown.filter(isOpen),
      camera: this.#filter.camera,
      link: (id) => this.#link({ camera: id === this.#filter.camera ? null : id }),
      nameOf: this.#nameOf,
    });
  }

  #summary() {
    if (!this.#lanes) return "";
    const visits = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.visits, 0);
    return `${words.count(visits, "visit").replace(/^no/, "No")} on ${words.count(this.#cameras.all.length, "camera")}.`;
  }

  #showDays(today) {
    const half = this.#days.indexOf(this.#day) < 7;
    keyed(
      this.#strip,
      this.#days,
      (day) => day,
      () => {
        const bar = svg(
          "svg",
          { class: "bar", viewBox: "0 0 72 30", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("path", { class: "t" }),
        );
        return el("a", {}, bar, el("span"));
      },
      (link, day) => {
        const [bar, date] = link.children;
        const strokes = this.#tally?.strokes.get(day) ?? [];
        const path = strokes.map((moved, i) => {
          const half = 2 + 11 * Math.sqrt(Math.min(1, moved / 300));
          return moved > 0 ? `M${3 + 6 * i} ${(15 - half).toFixed(1)}v${(2 * half).toFixed(1)}` : "";
        });
        attr(bar.firstChild, "d", path.join(""));
        text(date, String(Number(day.slice(8))));
        attr(link, "aria-current", day === this.#day && "date");
        attr(link, "data-far", this.#days.indexOf(day) < 7 !== half);
        attr(
          link,
          "href",
          day > today ? null : addressOf("timeline", day === today ? null : day, { ...this.#filter, q: null }),
        );
        const visits = this.#tally ? `, ${words.count(this.#tally.byDay.get(day) ?? 0, "visit")}` : "";
        attr(link, "aria-label", `${said.dayName(beginOf(day), this.#now)}${visits}`);
      },
    );
  }

  #showPills() {
    const { label, favourite } = this.#filter;
    const all = [...events.open.filter((event) => this.#belongs(event)), ...this.#list];
    const count = (fits) => (this.#base ? all.filter(fits).length : "");
    const pills = [
      { key: "all", word: "All", n: count(() => true), on: !label && !favourite, to: { label: null, favourite: null } },
      ...LABELS.map((name) => ({
        key: name,
        word: words.labelName(name),
        n: count((event) => event.label === name),
        on: label === name,
        to: { label: label === name ? null : name, favourite: null },
      })),
      {
        key: "star",
        word: "Favourites",
        n: count((event) => event.favourite),
        on: Boolean(favourite),
        to: { label: null, favourite: favourite ? null : "1" },
      },
    ];
    keyed(
      this.#pills,
      pills,
      ({ key }) => key,
      ({ key }) =>
        el("a", { class: "pill" }, key === "all" ? null : icon(key, true), el("span"), el("span", { class: "n" })),
      (link, { word, n, on, to }) => {
        text(link.lastChild.previousSibling, word);
        text(link.lastChild, String(n));
        attr(link, "aria-current", on);
        attr(link, "href", this.#link(to));
      },
    );
  }

  #showReview() {
    const unseen = this.#storage?.unseen ?? 0;
    text(this.#review.firstChild, unseen > 0 ? `Review ${unseen} new` : "Review");
    const first = this.#unseen ?? this.#shown[0];
    attr(this.#review, "href", first ? addressOf("event", first.id, { review: "1" }) : null);
    attr(this.#review, "aria-disabled", !first && "true");
  }

  #showEmpty() {
    const { camera, label, favourite, q } = this.#filter;
    const filtered = camera || label || favourite || q;
    const earlier = [...(this.#tally?.byDay ?? [])].filter(([day, n]) => n > 0 && day !== this.#day).at(-1)?.[0];
    const [sentence, word, href] = filtered
      ? [
          "No visit of this day is like that.",
          "Show all",
          this.#link({ camera: null, label: null, favourite: null, q: null }),
        ]
      : this.#storage?.events > 0 || earlier
        ? [
            this.#isToday ? "Nothing has come today." : "Nothing came on this day.",
            earlier ? `Go to ${said.dayName(beginOf(earlier), this.#now)}` : "See what is live",
            earlier ? addressOf("timeline", earlier) : addressOf("live"),
          ]
        : ["Nothing has been recorded yet. What moves is kept here.", "See what is live", addressOf("live")];
    text(this.#emptyWords, sentence);
    text(this.#emptyLink, word);
    attr(this.#emptyLink, "href", href);
  }

  #searched() {
    this.#filter = { ...this.#filter, q: this.#search.value.trim() || null };
    this.#base = null;
    this.#write();
    this.#load();
  }

  #table() {
    const rows = this.#shown.map((event) => [
      words.time(event.start_time),
      this.#nameOf(event.camera),
      words.labelName(event.label),
      said.lengthOf(event),
      said.deedOf(event),
    ]);
    openTable(
      said.dayName(this.#from, this.#now),
      ["From", "Camera", "What", "Length", "How"],
      rows,
      "Nothing came on this day.",
    );
  }
}

const iso = (at) => new Date(at).toISOString();

/** What moved from `from` to `to`, by camera: seconds of motion and visits in bins of `seconds`. */
async function lanes(from, to, seconds) {
  const span = { from: iso(from), to: iso(to), bin_s: seconds };
  const { cameras } = await getJson(`api/v1/timeline?${new URLSearchParams(span)}`);
  return new Map(cameras.map((lane) => [lane.id, lane]));
}

function step(label, name) {
  return el("a", { class: "btn icon", "aria-label": label, title: label }, icon(name, true));
}
