// One event: the player, what it was, why it fired, the facts; and the ones before and after it, by key, so that many can be
// looked through quickly. The next two are made ready while one is looked at.

import { patch, url } from "../api.js";
import { attr, el, icon, setIcon, text } from "../dom.js";
import { events } from "../events/model.js";
import { dayName, dayOf, startOf } from "../events/words.js";
import { openDialog } from "../live/peek.js";
import { sayState, showToast } from "../notice.js";
import { prefs, setPref } from "../prefs.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { Facts, Reason } from "./aside.js";
import { Film } from "./film.js";
import { LABELS, Labels } from "./labels.js";
import { Note } from "./note.js";
import { filterOf, Order } from "./order.js";
import { Player } from "./player.js";

const SEEN_MS = 700; // shorter than that nobody has looked
const AHEAD = 2;
const AHEAD_MS = 1_500; // at the latest then, whether or not the clip that is looked at plays

export class EventPlace {
  name = "event";
  heading = null; // it has one of its own
  stays = true;
  #cameras;
  #router;
  #id = null;
  #query = new URLSearchParams();
  #films = new Map();
  #order = new Order();
  #player = new Player();
  #reason = new Reason();
  #facts = new Facts();
  #note = new Note((event) => events.dispatchEvent(new CustomEvent("change", { detail: event })));
  #labels = new Labels((label) => this.#label(label));
  #seenAt = 0;
  #aheadAt = 0;
  #back = el("a", { class: "btn quiet" }, icon("prev", true), el("span"));
  #count = el("span", { class: "faint s" });
  #download = el("a", { class: "btn", download: true }, icon("save", true), el("span", {}, "Download clip"));
  #stars = [];
  #befores = [];
  #afters = [];
  #what;
  #body;
  #gone = el(
    "div",
    { class: "empty", hidden: true },
    el("h1", { class: "voice" }, "There is no such visit"),
    el("p", { class: "s mute" }, "It may have been deleted, or let go to make room. What is kept stands in the timeline."),
  );
  node;
  keys;

  constructor(cameras, _socket, router) {
    this.#cameras = cameras;
    this.#router = router;
    const crumb = el(
      "nav",
      { class: "crumb", "aria-label": "Visits" },
      this.#back,
      this.#count,
      el("span", { class: "push" }),
      this.#befores[0] = button("Previous", () => this.#go(-1), { class: "btn quiet" }, el("kbd", {}, "J"), "Previous"),
      this.#afters[0] = button("Next", () => this.#go(1), { class: "btn quiet" }, "Next", el("kbd", {}, "K")),
      this.#stars[0] = button("Favourite", () => this.#star(), { class: "btn star" }, icon("star", true), "Favourite", el("kbd", {}, "F")),
      button("Delete", () => this.#delete(), { class: "btn" }, icon("trash", true), "Delete", el("kbd", {}, "X")),
    );
    this.#what = button("What was it?", () => this.#ask(), { class: "btn", "aria-haspopup": "dialog" }, icon("unknown", true));
    const bar = el(
      "div",
      { class: "reviewbar", role: "group", "aria-label": "This visit" },
      this.#befores[1] = button("Previous", () => this.#go(-1), { class: "btn" }, icon("prev", true)),
      this.#stars[1] = button("Favourite", () => this.#star(), { class: "btn star" }, icon("star", true)),
      button("Delete", () => this.#delete(), { class: "btn" }, icon("trash", true)),
      this.#what,
      this.#afters[1] = button("Next", () => this.#go(1), { class: "btn first" }, "Next", icon("next", true)),
    );
    const guess = el("span", { class: "s faint" });
    this.#guess = guess;
    this.#body = el(
      "div",
      { class: "ev", hidden: true },
      el("div", { class: "main" }, this.#player.node, this.#reason.node),
      el(
        "aside",
        { "aria-label": "Details" },
        el("section", { "aria-label": "What was it?" }, el("div", { class: "between" }, el("h2", { class: "h" }, "What was it?"), guess), this.#labels.node),
        this.#note.node,
        this.#facts.node,
        el("p", {}, this.#download),
      ),
      bar,
    );
    this.node = el("div", { class: "event" }, crumb, this.#gone, this.#body);
    this.keys = this.#deeds();
    events.addEventListener("change", ({ detail }) => this.#heard(detail));
    events.addEventListener("gone", ({ detail }) => this.#lost(detail));
    events.addEventListener("reset", () => this.#id && void this.#fetch(this.#id));
    this.preferences();
  }

  #guess;

  #deeds() {
    const deed = (word, run, repeat = false) => ({ word, run, repeat });
    return {
      k: deed("Next", () => this.#go(1), true),
      j: deed("Previous", () => this.#go(-1), true),
      " ": deed("Play or pause", () => this.#player.toggle()),
      ",": deed("One frame back", () => this.#player.step(-1), true),
      ".": deed("One frame on", () => this.#player.step(1), true),
      ...Object.fromEntries(LABELS.map((label, i) => [i + 1, deed(`It was: ${words.labelName(label)}`, () => this.#label(label))])),
      f: deed("Favourite", () => this.#star()),
      x: deed("Delete", () => this.#delete()),
      z: deed("Undo", () => events.undo()),
      b: deed("Boxes", () => setPref("boxes", !prefs.boxes)),
      t: deed("Trail", () => setPref("trail", !prefs.trail)),
      escape: deed("Back", () => this.#router.go(...this.#home)),
    };
  }

  get #event() {
    return this.#films.get(this.#id)?.event ?? null;
  }

  get title() {
    const event = this.#event;
    return event ? `${words.labelName(event.label)}, ${words.time(event.start_time)}` : "Visit";
  }

  /** Where the way back leads: the day, with the filter that one came with. */
  get #home() {
    const event = this.#event;
    const { camera, label, favourite } = filterOf(this.#query);
    return ["timeline", event && dayOf(startOf(event)), { camera, label, favourite }];
  }

  enter(id, query) {
    this.#query = query;
    events.follow();
    if (id === this.#id) return;
    const known = events.get(id);
    if (known) this.#show(known);
    else {
      this.#id = id;
      void this.#fetch(id);
    }
  }

  leave() {
    clearTimeout(this.#seenAt);
    clearTimeout(this.#aheadAt);
    this.#player.leave();
    for (const film of this.#films.values()) film.close();
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
    if (this.#event) this.#write();
  }

  async #fetch(id) {
    try {
      const event = await events.one(id);
      if (this.#id !== id) return;
      if (this.#event) this.#heard(event);
      else this.#show(event);
    } catch (error) {
      if (this.#id !== id || this.#event) return;
      if (error.status !== 404) showToast(error.message, error.requestId);
      this.#gone.hidden = false;
      this.#body.hidden = true;
      text(this.#back.lastChild, "Timeline");
      attr(this.#back, "href", addressOf("timeline"));
    }
  }

  #name(event) {
    return this.#cameras.get(event.camera)?.name ?? event.camera;
  }

  #film(event) {
    const had = this.#films.get(event.id);
    if (had) return had;
    const film = new Film(event, this.#name(event));
    this.#films.set(event.id, film);
    return film;
  }

  #show(event) {
    this.#id = event.id;
    this.#gone.hidden = true;
    this.#body.hidden = false;
    this.#player.show(this.#film(event), this.#name(event), this.#query.has("review"));
    const { shower } = this.#films.get(event.id);
    const { learnt } = shower;
    shower.learnt = () => (learnt(), this.#id === event.id && this.#reason.show(event, this.#films.get(event.id).track));
    this.#write();
    document.title = `${this.title} · Nightjar`;
    clearTimeout(this.#seenAt);
    if (!event.seen && event.state !== "recording") this.#seenAt = setTimeout(() => this.#saw(event.id), SEEN_MS);
    void this.#order.around(event, filterOf(this.#query), () => this.#write());
    clearTimeout(this.#aheadAt);
    this.#aheadAt = setTimeout(() => this.#ahead(true), AHEAD_MS);
    this.#ahead(false);
  }

  /** Makes the next ones ready, and lets go of those that are far; the clips only once the one that is looked at has its own. */
  #ahead(clips) {
    const wanted = new Set([this.#id]);
    for (const by of [1, 2, -1].slice(0, AHEAD + 1)) {
      const event = this.#order.beside(this.#id, by);
      if (!event) continue;
      wanted.add(event.id);
      const film = this.#film(event);
      if (clips && by > 0) film.load();
    }
    for (const [id, film] of this.#films)
      if (!wanted.has(id)) {
        film.close();
        this.#films.delete(id);
      }
  }

  #write() {
    const event = this.#event;
    if (!event) return;
    const name = this.#name(event);
    const { track } = this.#films.get(event.id);
    this.#player.update();
    this.#reason.show(event, track);
    this.#facts.show(event, name);
    this.#note.show(event);
    this.#labels.show(event);
    text(this.#guess, event.label_by === "person" ? "said by somebody" : "a guess");
    setIcon(this.#what.firstChild, words.labelIcon(event.label));
    attr(this.#what, "aria-label", `What was it? Now ${words.labelName(event.label)}`);
    text(this.#back.lastChild, dayName(startOf(event)));
    attr(this.#back, "href", addressOf(...this.#home));
    const at = this.#order.place(event.id);
    text(this.#count, at < 0 || !this.#order.whole ? "" : `${at + 1} of ${this.#order.all.length}`);
    for (const star of this.#stars) attr(star, "aria-pressed", String(event.favourite));
    for (const [list, by] of [[this.#befores, -1], [this.#afters, 1]])
      for (const one of list) attr(one, "aria-disabled", this.#order.beside(event.id, by) ? null : "true");
    const { clip } = event;
    this.#download.hidden = !clip;
    if (clip) {
      const address = url(clip.url);
      address.searchParams.set("download", "1");
      attr(this.#download, "href", address.href);
    }
    if (this.#order.all.length > 1) this.#ahead(this.#films.get(event.id).reel?.ready === true);
  }

  #go(by) {
    const event = this.#order.beside(this.#id, by);
    if (!event) return void (this.#order.whole && showToast(by > 0 ? "That was the last one." : "That was the first one."));
    const before = this.#event;
    if (before && !before.seen && before.state !== "recording") void this.#saw(before.id);
    this.#router.rewrite("event", event.id, Object.fromEntries(this.#query));
    this.#show(events.get(event.id) ?? event);
    const at = this.#order.place(event.id);
    sayState(`${at + 1} of ${this.#order.all.length}. ${this.title}, ${this.#name(event)}.`);
  }

  /** Not worth a word if it fails: a key that may only look changes nothing. */
  async #saw(id) {
    try {
      await patch(`api/v1/events/${encodeURIComponent(id)}`, { seen: true });
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
    if (await events.change(event.id, { favourite })) sayState(favourite ? "A favourite. It is never let go." : "No favourite any more.");
  }

  #delete() {
    const event = this.#event;
    if (!event) return;
    if (event.state === "recording") return showToast("This is being recorded. It can be deleted when it has ended.");
    events.remove([event.id]);
  }

  /** The same list where there is no room for it beside the picture. */
  #ask() {
    const event = this.#event;
    if (!event) return;
    const labels = new Labels((label) => {
      void this.#label(label);
      dialog.close();
    });
    labels.show(event);
    const dialog = openDialog("What was it?", labels.node);
  }

  #heard(event) {
    const film = this.#films.get(event.id);
    film?.renew(event);
    if (!this.#id) return;
    const back = this.#order.place(event.id) < 0 && this.#undone === event.id;
    if (this.#order.place(event.id) >= 0 || back || this.#order.fits(event)) this.#order.take(event);
    if (back) {
      this.#undone = null;
      this.#router.rewrite("event", event.id, Object.fromEntries(this.#query));
      this.#show(event);
    } else this.#write();
  }

  #undone = null; // what was deleted last, to be shown again if that is undone

  #lost(id) {
    if (!this.#id) return;
    const next = this.#order.beside(id, 1) ?? this.#order.beside(id, -1);
    this.#order.drop(id);
    if (id !== this.#id) return this.#write();
    this.#undone = id;
    if (!next) return this.#router.go(...this.#home);
    this.#router.rewrite("event", next.id, Object.fromEntries(this.#query));
    this.#show(events.get(next.id) ?? next);
  }
}

const button = (label, click, attrs, ...children) =>
  el("button", { type: "button", "aria-label": label, ...attrs, on: { click } }, ...children);
