// One event: the player, what it was, why it fired, the facts; and the ones before and after it, by key, so that many can be
// looked through quickly. The next two are made ready while one is looked at.

import { LOOKS, patch, url } from "../api.js";
import { attr, el, icon, setIcon, text } from "../dom.js";
import { events, isOpen } from "../events/model.js";
import { dayName, dayOf, startOf } from "../events/words.js";
import { openDialog } from "../live/peek.js";
import { sayState, showToast } from "../notice.js";
import { prefs, setPref } from "../prefs.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { Film } from "./film.js";
import { filterOf, Order } from "./order.js";
import { Facts, LABELS, Labels, Note, Reason, Ways } from "./panels.js";
import { fresh, Player } from "./player.js";

const SEEN_MS = 700; // shorter than that nobody has looked
const WAY_MS = 5_000; // while it is handed over, so often it is asked how far that is
const AHEAD_MS = 1_500; // at the latest then the next clips are loaded, whether or not this one plays

export class EventPlace {
  name = "event";
  heading = null; // it has one of its own
  stays = true;
  keys = this.#deeds();
  node;
  #cameras;
  #router;
  #id = null;
  #query = new URLSearchParams();
  #films = new Map(); // of the one that is shown and of its neighbours
  #order = new Order();
  #undone = new Set(); // what was deleted while it was shown: shown again if that is undone
  #timers = [];
  #player = new Player(() => {
    this.#reason.show(this.#event, this.#film.track);
    fresh(this.#columns); // the gates take room
  });
  #reason = new Reason();
  #facts = new Facts();
  #ways = new Ways(() => (this.#askAt = 0));
  #askAt = Infinity; // when it is asked for again: something of it is to come, or could not be had
  #note = new Note((event) => events.learn(event));
  #labels = new Labels((label) => this.#label(label));
  #back = el("a", { class: "btn quiet" }, icon("prev", true), el("span"));
  #count = el("span", { class: "faint s" });
  #guess = el("span", { class: "s faint" });
  #download = el("a", { class: "btn", download: true }, icon("save", true), "Download clip");
  #what = button("", () => this.#ask(), { "aria-haspopup": "dialog" }, icon("unknown", true));
  #lacks = false; // it could not be fetched, and that was said
  #columns;
  #body;
  #gone = el(
    "div",
    { class: "empty", hidden: true },
    el("h1", { class: "voice" }, "There is no such visit"),
    el("p", { class: "s mute" }, "It was deleted, or let go to make room. What is kept stands in the timeline."),
  );

  constructor(cameras, _socket, router) {
    this.#cameras = cameras;
    this.#router = router;
    const step = (by, attrs, ...words) =>
      button(by > 0 ? "Next" : "Previous", () => this.#go(by), { "data-by": by, ...attrs }, ...words);
    const star = (...words) =>
      button("Favourite", () => this.#star(), { class: "btn star" }, icon("star", true), ...words);
    const bin = (...words) => button("Delete", () => this.#delete(), {}, icon("trash", true), ...words);
    const key = (name) => el("kbd", { "aria-hidden": "true" }, name);
    const crumb = el(
      "nav",
      { class: "crumb", "aria-label": "Visits" },
      this.#back,
      this.#count,
      el("span", { class: "push" }),
      step(-1, { class: "btn quiet" }, key("J"), "Previous"),
      step(1, { class: "btn quiet" }, "Next", key("K")),
      star("Favourite", key("F")),
      bin("Delete", key("X")),
    );
    const bar = el(
      "div",
      { class: "reviewbar", role: "group", "aria-label": "This visit" },
      step(-1, {}, icon("prev", true)),
      star(),
      bin(),
      this.#what,
      step(1, { class: "btn first" }, "Next", icon("next", true)),
    );
    const what = el("div", { class: "between" }, el("h2", { class: "h" }, "What was it?"), this.#guess);
    this.#columns = el(
      "div",
      { class: "ev" },
      el("div", {}, this.#player.node, this.#reason.node),
      el(
        "aside",
        { "aria-label": "Details" },
        el("section", { "aria-label": "Label" }, what, this.#labels.node),
        this.#note.node,
        this.#facts.node,
        this.#ways.node,
        el("p", {}, this.#download),
      ),
    );
    this.#body = el("div", { hidden: true }, this.#columns, bar);
    this.node = el("div", { class: "event" }, crumb, this.#gone, this.#body);
    events.addEventListener("change", ({ detail }) => this.#id && this.#heard(detail));
    events.addEventListener("gone", ({ detail }) => this.#id && this.#lost(detail));
    events.addEventListener("reset", () => this.#id && void this.#fetch(this.#id));
    this.preferences();
  }

  #deeds() {
    const deed = (word, run, repeat) => ({ word, run, repeat });
    const was = (label) => deed(`It was: ${words.labelName(label)}`, () => this.#label(label));
    return {
      ...Object.fromEntries(LABELS.map((label, i) => [i + 1, was(label)])),
      k: deed("Next", () => this.#go(1), true),
      j: deed("Previous", () => this.#go(-1), true),
      " ": deed("Play or pause", () => this.#player.toggle()),
      ",": deed("One frame back", () => this.#player.step(-1), true),
      ".": deed("One frame on", () => this.#player.step(1), true),
      f: deed("Favourite", () => this.#star()),
      x: deed("Delete", () => this.#delete()),
      z: deed("Undo", () => events.undo()),
      b: deed("Boxes", () => setPref("boxes", !prefs.boxes)),
      t: deed("Trail", () => setPref("trail", !prefs.trail)),
      escape: deed("Back", () => this.#router.go(...this.#home)),
    };
  }

  get #film() {
    return this.#films.get(this.#id);
  }

  get #event() {
    return this.#film?.event ?? null;
  }

  get title() {
    const event = this.#event;
    return event ? `${words.labelName(event.label)}, ${words.time(event.start_time)}` : "Visit";
  }

  /** Where the way back leads: the day, with the filter that one came with. */
  get #home() {
    const event = this.#event;
    return ["timeline", event && dayOf(startOf(event)), filterOf(this.#query)];
  }

  enter(id, query) {
    const { from } = this.#router;
    this.#query = query;
    if (from?.place === "timeline" && [...query].length === 0) {
      this.#query = new URLSearchParams(filterOf(from.query)); // the ones beside it are those that one came from
      this.#router.rewrite("event", id, Object.fromEntries(this.#query));
    }
    events.follow();
    if (id === this.#id) return;
    const known = events.get(id);
    if (known) return this.#show(known);
    this.#id = id;
    void this.#fetch(id);
  }

  leave() {
    this.#timers.forEach(clearTimeout);
    this.#player.leave();
    this.#films.forEach((film) => film.close());
    this.#films.clear();
    this.#id = null;
  }

  visible(yes) {
    this.#player.visible(yes);
  }

  preferences() {
    attr(this.node, "data-keyless", !prefs.keys);
    this.#player.preferences();
  }

  listed() {
    this.#write();
  }

  tick() {
    if (!this.#id || performance.now() < this.#askAt) return;
    this.#askAt = performance.now() + WAY_MS;
    void this.#fetch(this.#id);
  }

  async #fetch(id) {
    try {
      const event = await events.one(id);
      if (this.#id !== id) return;
      if (this.#event) this.#heard(event);
      else this.#show(event);
    } catch (error) {
      if (this.#id !== id || this.#event) return;
      if (error.status !== 404) {
        if (!this.#lacks) showToast(error.message, error.requestId);
        this.#lacks = true;
        this.#askAt = performance.now() + WAY_MS; // it comes by itself once it can be had
        return;
      }
      this.#none(true);
      text(this.#back.lastChild, "Timeline");
      attr(this.#back, "href", addressOf("timeline"));
    }
  }

  #none(yes) {
    this.#gone.hidden = !yes;
    this.#body.hidden = yes;
    attr(this.node, "data-none", yes);
  }

  #name(event) {
    return this.#cameras.get(event.camera)?.name ?? event.camera;
  }

  #ready(event) {
    if (!this.#films.has(event.id)) this.#films.set(event.id, new Film(event, this.#name(event)));
    return this.#films.get(event.id);
  }

  #show(event) {
    const { id } = event;
    const review = this.#query.has("review");
    this.#timers.forEach(clearTimeout);
    this.#id = id;
    this.#askAt = Infinity;
    this.#lacks = false;
    this.#none(false);
    this.#player.show(this.#ready(event), this.#name(event), review);
    void this.#order.around(event, filterOf(this.#query), review, () => this.#write());
    this.#write();
    fresh(this.#columns);
    document.title = `${this.title} · Nightjar`;
    this.#timers = [setTimeout(() => this.#saw(), SEEN_MS), setTimeout(() => this.#ahead(true), AHEAD_MS)];
  }

  /** Shows another one, under its own address: the way back leads past all that were looked through. */
  #turn(event) {
    this.#router.rewrite("event", event.id, Object.fromEntries(this.#query));
    this.#show(event);
  }

  /** Makes the next two ready and lets go of those that are far; their clips once the one that is looked at has come. */
  #ahead(clips) {
    const wanted = new Set([this.#id]);
    for (const by of [1, 2, -1]) {
      const event = this.#order.beside(this.#id, by);
      if (!event) continue;
      wanted.add(event.id);
      const film = this.#ready(event);
      if (clips && by > 0) film.load();
    }
    for (const [id, film] of this.#films) {
      if (wanted.has(id)) continue;
      film.close();
      this.#films.delete(id);
    }
  }

  #write() {
    const event = this.#event;
    if (!event) return;
    const film = this.#film;
    this.#player.update();
    this.#reason.show(event, film.track);
    this.#facts.show(event, this.#name(event));
    this.#note.show(event);
    this.#ways.show(event);
    const going = event.uploads?.some(({ state }) => state === "owed" || state === "sending");
    if (!going) this.#askAt = Infinity;
    else this.#askAt = Math.min(this.#askAt, performance.now() + WAY_MS);
    this.#labels.show(event);
    text(this.#guess, event.label_by === "person" ? "said by somebody" : "a guess");
    setIcon(this.#what.firstChild, words.labelIcon(event.label));
    attr(this.#what, "aria-label", `What was it? Now ${words.labelName(event.label)}`);
    text(this.#back.lastChild, dayName(startOf(event)));
    attr(this.#back, "href", addressOf(...this.#home));
    const at = this.#order.place(event.id);
    text(this.#count, at < 0 || !this.#order.whole ? "" : `${at + 1} of ${this.#order.all.length}`);
    for (const star of this.node.querySelectorAll(".star")) attr(star, "aria-pressed", String(event.favourite));
    for (const step of this.node.querySelectorAll("[data-by]"))
      attr(step, "aria-disabled", this.#order.beside(event.id, Number(step.dataset.by)) ? null : "true");
    this.#download.hidden = !event.clip;
    if (event.clip) attr(this.#download, "href", `${url(event.clip.url).href}?download=1`);
    this.#ahead(film.reel?.ready === true);
  }

  #go(by) {
    const event = this.#order.beside(this.#id, by);
    if (!event && this.#order.whole) showToast(by > 0 ? "That was the last one." : "That was the first one.");
    if (!event) return;
    void this.#saw();
    this.#turn(event);
    sayState(`${this.#count.textContent}. ${this.title}, ${this.#name(event)}.`);
  }

  /** Somebody has looked at it; not worth a word if that cannot be kept. */
  async #saw() {
    const event = this.#event;
    if (LOOKS || !event || event.seen || isOpen(event)) return;
    try {
      events.learn(await patch(`api/v1/events/${encodeURIComponent(event.id)}`, { seen: true }));
    } catch {
      // it stays new
    }
  }

  async #label(label) {
    const event = this.#event;
    if (!event || (event.label === label && event.label_by === "person")) return;
    if (await events.change(event.id, { label })) sayState(`Kept as ${words.labelName(label).toLowerCase()}.`);
  }

  async #star() {
    const event = this.#event;
    if (!event) return;
    const favourite = !event.favourite;
    if (await events.change(event.id, { favourite }))
      sayState(favourite ? "A favourite: it is never let go." : "No favourite any more.");
  }

  #delete() {
    const event = this.#event;
    if (!event) return;
    if (isOpen(event)) showToast("This is being recorded. It can be deleted once it has ended.");
    else events.remove([event.id]);
  }

  /** The labels where there is no room for them beside the picture. */
  #ask() {
    const labels = new Labels((label) => {
      void this.#label(label);
      dialog.close();
    });
    labels.show(this.#event);
    const dialog = openDialog("What was it?", labels.node);
  }

  #heard(event) {
    this.#films.get(event.id)?.renew(event);
    const undone = this.#undone.delete(event.id);
    if (undone || this.#order.place(event.id) >= 0 || this.#order.fits(event)) this.#order.take(event);
    if (undone) this.#turn(event);
    else this.#write();
  }

  #lost(id) {
    const next = this.#order.beside(id, 1) ?? this.#order.beside(id, -1);
    this.#order.drop(id);
    if (id !== this.#id) return this.#write();
    this.#undone.add(id);
    if (next) this.#turn(next);
    else this.#router.go(...this.#home);
  }
}

const button = (label, click, attrs, ...children) =>
  el("button", { class: "btn", "aria-label": label, ...attrs, on: { click } }, ...children);
