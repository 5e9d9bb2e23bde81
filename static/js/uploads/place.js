// The Uploads place: how it stands with each remote, what is on its way there, and what somebody can do about it.

import { getJson, post } from "../api.js";
import { attr, bird, el, icon, setIcon, text } from "../dom.js";
import { showToast } from "../notice.js";
import { Errands } from "./errands.js";
import { Remotes } from "./remotes.js";
import * as said from "./words.js";

const ASK_MS = 2_000;
const RETRY_MS = 10_000; // after a failure
const PAGE = 20;
const MOST = 200; // errands on the page; the rest is a number

export class UploadsPlace {
  name = "uploads";
  title = "Uploads";
  heading = null; // it has one of its own
  keys = {};
  #cameras;
  #here = false;
  #seen = !document.hidden;
  #asking = false;
  #askAt = 0;
  #view = null;
  #list = null;
  #next = null;
  #limit = PAGE;
  #lacks = false;
  #title = el("h1", { class: "voice" }, "Uploads");
  #sub = el("p", { class: "s mute" });
  #signal = el("p", { class: "s signal", hidden: true }, icon("wifi", true), el("span"));
  #pause = el(
    "button",
    { class: "btn", hidden: true, on: { click: () => this.#toggle() } },
    icon("pause", true),
    el("span"),
  );
  #remotes = new Remotes((remote) => this.#retry({ remote }));
  #errands = new Errands({
    pick: () => this.#pick(),
    more: () => this.#more(),
    again: ({ event, remote }) => this.#retry({ event, remote }),
  });
  #empty = el(
    "div",
    { class: "empty", hidden: true },
    bird(),
    el("h2", { class: "voice" }, "Nothing leaves this machine"),
    el(
      "p",
      { class: "s mute" },
      "Name a hub or an object store under ",
      el("code", {}, "[[remote]]"),
      " in the configuration, and every visit is handed over to it by itself.",
    ),
  );
  #body = el("div", { class: "ways", hidden: true }, this.#remotes.node, this.#errands.node);
  node;

  constructor(cameras) {
    this.#cameras = cameras;
    this.node = el(
      "div",
      { class: "uploads" },
      el("div", { class: "uphead" }, el("div", {}, this.#title, this.#sub), this.#signal, this.#pause),
      this.#empty,
      this.#body,
    );
  }

  enter() {
    this.#here = true;
    this.#askAt = 0;
    this.tick();
  }

  leave() {
    this.#here = false;
  }

  visible(yes) {
    this.#seen = yes;
    this.#askAt = 0;
    this.tick();
  }

  tick() {
    if (this.#here && this.#seen && !this.#asking && performance.now() >= this.#askAt) void this.#ask();
  }

  async #ask() {
    this.#asking = true;
    const state = this.#errands.chosen;
    try {
      const view = await getJson("api/v1/uploads");
      const lists = view.remotes.length > 0 ? await this.#fetch(state) : { errands: [], next: null };
      this.#askAt = performance.now() + ASK_MS;
      this.#lacks = false;
      this.#view = view;
      if (state === this.#errands.chosen) {
        this.#list = lists.errands;
        this.#next = lists.next;
      } else this.#askAt = 0; // another list was asked for meanwhile
      this.#show();
    } catch (error) {
      if (!this.#lacks && this.#here) showToast(`How it stands could not be asked. ${error.message}`, error.requestId);
      this.#lacks = true;
      this.#askAt = performance.now() + RETRY_MS;
    } finally {
      this.#asking = false;
    }
  }

  /** What waits begins with what is being sent. */
  async #fetch(state) {
    const ask = (of) => getJson(`api/v1/uploads/errands?${new URLSearchParams({ state: of, limit: this.#limit })}`);
    if (state !== "owed") return ask(state);
    const [now, later] = await Promise.all([ask("sending"), ask("owed")]);
    const going = new Set(now.errands.map(({ event, remote }) => `${remote} ${event}`));
    const rest = later.errands.filter(({ event, remote }) => !going.has(`${remote} ${event}`));
    return { errands: [...now.errands, ...rest], next: later.next };
  }

  #pick() {
    this.#limit = PAGE;
    this.#list = null;
    this.#show();
    this.#askAt = 0;
    this.tick();
  }

  #more() {
    this.#limit = MOST;
    this.#askAt = 0;
    this.tick();
  }

  #show() {
    const view = this.#view;
    if (!view) return;
    const none = view.remotes.length === 0;
    text(this.#title, said.headline(view));
    text(this.#sub, said.sub(view));
    this.#signal.hidden = none || !view.signal;
    if (view.signal) text(this.#signal.lastChild, said.signal(view));
    this.#pause.hidden = none;
    setIcon(this.#pause.firstChild, view.paused ? "play" : "pause");
    text(this.#pause.lastChild, view.paused ? "Go on" : "Pause");
    attr(this.#pause, "aria-label", view.paused ? "Go on uploading" : "Pause all uploads");
    this.#empty.hidden = !none;
    this.#body.hidden = none;
    this.#remotes.show(view.remotes);
    const name = (id) => this.#cameras.get(id)?.name ?? id;
    this.#errands.show(view.remotes, this.#list, this.#next !== null && this.#limit < MOST, name);
  }

  #toggle() {
    const { paused } = this.#view;
    return this.#do(paused ? "resume" : "pause", undefined, paused ? "Uploads go on." : "Uploads are paused.");
  }

  #retry(which) {
    return this.#do("retry", which, "It is tried again now.");
  }

  async #do(deed, body, words) {
    try {
      await post(`api/v1/uploads/${deed}`, body);
      showToast(words);
    } catch (error) {
      showToast(error.message, error.requestId);
    }
    this.#askAt = 0;
    this.tick();
  }
}
