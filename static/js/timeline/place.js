// The Timeline place: one day on all cameras, the visits of that day as posters, and how they come. What is shown stands in the
// address: the day, the filters, the time at the playhead.

import { getJson } from "../api.js";
import { attr, bird, el, text } from "../dom.js";
import { events, isOpen } from "../events/model.js";
import * as said from "../events/words.js";
import { openTable } from "../live/peek.js";
import { showToast } from "../notice.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { Aside, tally } from "./aside.js";
import { Band } from "./band.js";
import { Cards } from "./cards.js";
import { beginOf, fortnight, momentOf, valid } from "./day.js";
import { Filters, Head, NONE } from "./head.js";
import { iso, lanes, Visits } from "./visits.js";

const BIN_S = 60;
const HOUR_S = 3600;
const NOON_MS = 43_200_000;
const AT_MS = 150_000; // a visit within so much of the playhead is the one there
const SETTLE_MS = 300;
const SCREEN = 200; // so many more cards each time that the end of the list comes near
const NEWS_MS = 1_500; // after a visit, before the plots are asked for anew
const DRAW_MS = 20_000;

export class TimelinePlace {
  name = "timeline";
  heading = null; // it has one of its own
  title = "Timeline";
  stays = true; // going to another day keeps the focus where it was
  keys = { r: { word: "Review", run: () => this.#filters.review() } };
  /** Where it was scrolled to, and what had the focus, when it was left for the same address. */
  top = 0;
  held = null;
  #cameras;
  #clock;
  #router;
  #here = false;
  #lacks = false; // the list could not be fetched
  #day = null;
  #following = false; // the address names no day: it is always today
  #filter = NONE;
  #t = null; // where the playhead was put, or null
  #visits = new Visits();
  #lanes = null;
  #less = new Map(); // visits that are gone here, but not yet in what the server has counted
  #reach = SCREEN; // cards that are shown
  #days = [];
  #tally = null;
  #unseen = null;
  #storage = null;
  #drawnAt = 0;
  #nearing = null;
  #timers = {};
  #head = new Head(() => this.#table());
  #band;
  #cards = new Cards();
  #aside = new Aside();
  #filters = new Filters((q) => this.#later("search", SETTLE_MS, () => this.#searched(q)));
  #more = el("div", { class: "more", "aria-hidden": "true" });
  #emptyWords = el("h2", { class: "voice" });
  #emptyLink = el("a", { class: "btn" });
  #empty = el("div", { class: "empty", hidden: true }, bird(), this.#emptyWords, this.#emptyLink);
  node;

  constructor(cameras, socket, router) {
    this.#cameras = cameras;
    this.#clock = socket.clock;
    this.#router = router;
    this.#band = new Band({
      seek: (t) => this.#seek(t),
      step: (by) => this.#step(by).catch((error) => this.#failed(error)),
      near: (t, reach, camera) => this.#near(t, reach, camera),
      open: (event) => router.go("event", event.id),
      lanes,
    });
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.#further(), { rootMargin: "600px" }).observe(
      this.#more,
    );
    for (const type of ["change", "gone", "reset"])
      events.addEventListener(type, ({ detail }) => this.#day && this.#heard(type, detail));
    const visits = { "aria-label": "Visits" };
    this.node = el(
      "div",
      { class: "timeline" },
      this.#head.node,
      el("section", { "aria-label": "The day on all cameras" }, this.#band.node),
      el(
        "div",
        { class: "tl" },
        el("section", visits, this.#filters.node, this.#empty, this.#cards.node, this.#more),
        this.#aside.node,
      ),
    );
  }

  enter(day, query) {
    const today = said.dayOf(this.#now);
    const filter = Object.fromEntries(Object.keys(NONE).map((key) => [key, query.get(key) || null]));
    const wanted = valid(day) ?? today;
    const isNew = this.#day !== wanted;
    const same = !isNew && JSON.stringify(filter) === JSON.stringify(this.#filter);
    if (!same) this.top = this.held = null;
    this.#here = true;
    this.#following = valid(day) === null;
    this.#day = wanted;
    this.#filter = filter;
    this.#t = momentOf(wanted, query.get("t"));
    this.title = `${said.dayName(beginOf(wanted), this.#now)} · Timeline`;
    this.#days = fortnight(wanted, today);
    if (isNew) this.#lanes = null;
    if (!same) this.#reach = SCREEN;
    this.#visits.of(this.#from, this.#to, filter);
    events.follow();
    this.#show();
    if (!same || !this.#visits.known) this.#load();
    this.#plots(); // what is there stays meanwhile
  }

  leave() {
    this.#here = false;
    this.top = scrollY;
    this.held = this.node.contains(document.activeElement) ? document.activeElement : null;
    Object.values(this.#timers).forEach(clearTimeout);
  }

  listed() {
    this.#show();
    if (this.#lacks) this.#heard("reset"); // the connection is back
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

  get #place() {
    return this.#following ? null : this.#day;
  }

  get #query() {
    return { ...this.#filter, t: this.#t === null ? null : words.time(this.#t) };
  }

  /** The address of the day with another filter. */
  #link = (change) => addressOf("timeline", this.#place, { ...this.#query, ...change });

  #failed(error) {
    showToast(`The visits could not be fetched. ${error.message}`, error.requestId);
  }

  async #load() {
    try {
      this.#lacks = false;
      await this.#visits.load(() => this.#show());
    } catch (error) {
      this.#lacks = true;
      this.#failed(error);
    }
    this.#show();
  }

  /** More of them, once the end comes near. */
  async #further() {
    try {
      const more = this.#reach < this.#visits.shown.length;
      if (!this.#day || !(more || (await this.#visits.further()))) return;
      this.#reach += SCREEN;
      this.#show();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Everything but the list: it may be old, and nothing waits for it. */
  #plots() {
    const day = this.#day;
    const days = this.#days;
    const parts = [
      lanes(this.#from, this.#to, BIN_S).then((found) => this.#day === day && this.#take(found)),
      lanes(beginOf(days[0]), beginOf(days[13], 1), HOUR_S).then(
        (found) => this.#days[0] === days[0] && (this.#tally = tally(found, HOUR_S, days)),
      ),
      getJson("api/v1/storage").then((storage) => this.#aside.disk((this.#storage = storage))),
      events.list({ seen: "false", limit: 1 }).then(({ events: [first] }) => (this.#unseen = first ?? null)),
    ];
    for (const part of parts)
      part.then(
        () => this.#show(),
        () => {}, // the banner tells of a lost connection; what was known stays
      );
  }

  #take(lanes) {
    this.#lanes = lanes;
    for (const [id, event] of this.#less)
      if (events.leaves(id)) this.#count(event, -1);
      else this.#less.delete(id);
  }

  #count(event, by) {
    const at = said.startOf(event);
    const lane = this.#lanes?.get(event.camera);
    if (lane && at >= this.#from && at < this.#to) lane.visits += by;
  }

  /** What somebody deletes does not count any more, though it may still be undone. */
  #recount(id, event) {
    if (this.#less.has(id) === (event === null)) return;
    const known = event ?? events.get(id);
    if (!known) return;
    if (event) this.#less.delete(id);
    else this.#less.set(id, known);
    this.#count(known, event ? 1 : -1);
  }

  #heard(type, detail) {
    if (type === "reset") {
      this.#visits.forget();
      if (!this.#here) return;
      this.#load();
      return this.#plots();
    }
    const [id, event] = type === "gone" ? [detail, null] : [detail.id, detail];
    this.#recount(id, event);
    this.#visits.hear(id, event);
    if (!this.#here) return;
    this.#later("show", 50, () => this.#show());
    this.#later("news", NEWS_MS, () => this.#plots());
  }

  #searched(q) {
    this.#filter = { ...this.#filter, q };
    this.#visits.of(this.#from, this.#to, this.#filter);
    this.#write();
    this.#load();
  }

  get #at() {
    const newest = this.#visits.shown[0];
    return this.#t ?? (newest ? said.startOf(newest) : this.#isToday ? this.#now : this.#from + NOON_MS);
  }

  #seek(t) {
    this.#t = t;
    this.#draw();
    this.#later("address", SETTLE_MS, () => this.#write());
  }

  #write() {
    this.#router.rewrite("timeline", this.#place, this.#query);
    this.#show(); // its links tell the time, too
  }

  /** The visit at `t`; asked of the server where not all of the day's are known. */
  async #near(t, reach, camera) {
    const near = this.#visits.near(t, reach, camera) ?? (camera && this.#visits.near(t, reach, null));
    if (near || this.#visits.whole) return near;
    const mine = (this.#nearing = {});
    await new Promise((done) => setTimeout(done, SETTLE_MS / 2)); // a pointer passes over many
    if (this.#nearing !== mine) return null;
    try {
      const { events: found } = await events.list({ from: iso(t - reach), to: iso(t + reach), camera, limit: 1 });
      return found[0] ?? null;
    } catch {
      return null;
    }
  }

  async #step(by) {
    const next = await this.#visits.beside(this.#at, by);
    if (next) this.#seek(said.startOf(next));
  }

  #show() {
    if (!this.#day) return;
    const { shown, known } = this.#visits;
    this.#head.show({
      day: this.#day,
      days: this.#days,
      today: said.dayOf(this.#now),
      now: this.#now,
      tally: this.#tally,
      sum: this.#lanes ? said.daySum(this.#lanes, this.#cameras.all.length) : "",
      filter: this.#filter,
    });
    const { camera, q } = this.#filter;
    const total = this.#lanes && !camera && !q ? said.visitsIn(this.#lanes) : "";
    this.#filters.show(this.#filter, this.#visits.ended, total, this.#link);
    this.#filters.offer(this.#storage?.unseen ?? 0, this.#unseen ?? shown[0]);
    this.#cards.show(shown.slice(0, this.#reach), this.#nameOf, this.#isToday ? this.#now : null);
    attr(this.node, "data-waiting", !known);
    this.#empty.hidden = shown.length > 0 || !known;
    if (!this.#empty.hidden) this.#showEmpty();
    this.#draw();
  }

  /** Draws what goes with the playhead and with time. */
  #draw() {
    if (!this.#day) return;
    this.#drawnAt = performance.now();
    const t = this.#at;
    const chosen = this.#visits.near(t, AT_MS, null);
    this.#cards.choose(this.#t === null ? null : chosen?.id);
    this.#aside.show(this.#tally, this.#days, this.#day, new Date(t).getHours(), said.dayOf(this.#now));
    this.#band.show({
      cameras: this.#cameras.all,
      lanes: this.#lanes,
      bin: BIN_S * 1000,
      from: this.#from,
      to: this.#to,
      now: this.#now,
      t,
      chosen,
      open: this.#visits.shown.filter(isOpen),
      camera: this.#filter.camera,
      link: (id) => this.#link({ camera: id === this.#filter.camera ? null : id }),
      nameOf: this.#nameOf,
    });
  }

  #showEmpty() {
    const earlier = [...(this.#tally?.byDay ?? [])].findLast(([day, n]) => n > 0 && day < this.#day)?.[0];
    const [sentence, word, href] = Object.values(this.#filter).some(Boolean)
      ? ["No visit of this day is like that.", "Show all", this.#link(NONE)]
      : [
          this.#storage?.events
            ? `Nothing ${this.#isToday ? "has come today" : "came on this day"}.`
            : "Nothing has been recorded yet. What moves is kept here.",
          ...(earlier
            ? [`Go to ${said.dayName(beginOf(earlier), this.#now)}`, addressOf("timeline", earlier)]
            : [this.#cameras.hub ? "See the cameras" : "See what is live", addressOf("live")]),
        ];
    text(this.#emptyWords, sentence);
    text(this.#emptyLink, word);
    attr(this.#emptyLink, "href", href);
  }

  #table() {
    const heads = ["From", "Camera", "What", "Length", "How"];
    const rows = this.#visits.shown.map((event) => [
      words.time(event.start_time),
      this.#nameOf(event.camera),
      words.labelName(event.label),
      said.lengthOf(event),
      said.deedOf(event),
    ]);
    openTable(said.dayName(this.#from, this.#now), heads, rows, "Nothing came on this day.");
  }
}
