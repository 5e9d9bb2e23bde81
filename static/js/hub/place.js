// The Cameras place of a hub: every camera that sends here, how it is, and what it saw last.

import { getJson, send } from "../api.js";
import { bird, el, keyed, text } from "../dom.js";
import { events } from "../events/model.js";
import { dayOf, visitsIn } from "../events/words.js";
import { openDialog, openTable } from "../live/peek.js";
import { showToast } from "../notice.js";
import { addressOf } from "../router.js";
import { beginOf } from "../timeline/day.js";
import { lanes } from "../timeline/visits.js";
import { Cards, liveOf } from "./cards.js";
import * as said from "./words.js";

const BIN_S = 300;
const PAGE = 100;
const AGAIN_MS = 30_000;
const NEWS_MS = 1_500;

export class HubPlace {
  name = "live";
  title = "Cameras";
  heading = null; // it has one of its own
  keys = {};
  #devices;
  #here = false;
  #newest = new Map(); // camera → its newest event
  #lanes = null;
  #storage = null;
  #askedAt = -Infinity;
  #timer = 0;
  #title = el("h1", { class: "voice" });
  #sub = el("p", { class: "s mute" });
  #figures = el("dl", { class: "stats" });
  #cards = new Cards((id) => this.#details(id));
  #table = el(
    "button",
    { class: "btn", "aria-haspopup": "dialog", on: { click: () => this.#asTable() } },
    "Table",
  );
  #empty = el(
    "div",
    { class: "empty", hidden: true },
    bird(),
    el("h2", { class: "voice" }, "No camera has sent anything yet"),
    el(
      "p",
      { class: "s mute" },
      "Make a key for it with ",
      el("code", {}, "nightjar key add --hub --name garden --scope upload"),
      ", and name this hub as a remote in its configuration.",
    ),
  );
  node = el(
    "div",
    { class: "hub" },
    el("div", { class: "uphead" }, el("div", {}, this.#title, this.#sub), this.#table),
    this.#figures,
    this.#empty,
    this.#cards.node,
  );

  constructor(devices) {
    this.#devices = devices;
    events.addEventListener("change", ({ detail }) => this.#heard(detail));
    events.addEventListener("gone", () => this.#soon());
    events.addEventListener("reset", () => this.#soon());
  }

  enter() {
    this.#here = true;
    events.follow();
    this.#show();
    void this.#ask();
  }

  leave() {
    this.#here = false;
    clearTimeout(this.#timer);
  }

  listed() {
    this.#show();
  }

  tick() {
    if (performance.now() - this.#askedAt > AGAIN_MS) void this.#ask();
  }

  #heard(event) {
    const known = this.#newest.get(event.camera);
    if (!known || known.id === event.id || Date.parse(known.start_time) < Date.parse(event.start_time))
      this.#newest.set(event.camera, event);
    this.#soon();
  }

  #soon() {
    clearTimeout(this.#timer);
    if (this.#here) this.#timer = setTimeout(() => void this.#ask(), NEWS_MS);
  }

  /** The day's barring, the newest visit of each camera, and how the disk stands; what is known stays meanwhile. */
  async #ask() {
    this.#askedAt = performance.now();
    const day = dayOf(this.#devices.clock.now());
    const asked = [
      lanes(beginOf(day), beginOf(day, 1), BIN_S).then((found) => (this.#lanes = found)),
      getJson("api/v1/storage").then((found) => (this.#storage = found)),
      this.#look(),
    ];
    for (const one of asked)
      one.then(
        () => this.#here && this.#show(),
        () => {}, // the banner tells of a hub that does not answer
      );
  }

  async #look() {
    const { events: found } = await events.list({ limit: PAGE });
    const newest = new Map();
    for (const event of found) if (!newest.has(event.camera)) newest.set(event.camera, event);
    const rest = this.#devices.all.filter(({ id }) => !newest.has(id));
    for (const { id } of found.length < PAGE ? [] : rest) {
      const { events: one } = await events.list({ camera: id, limit: 1 });
      if (one.length > 0) newest.set(id, one[0]);
    }
    this.#newest = newest;
  }

  get #today() {
    return this.#lanes && visitsIn(this.#lanes);
  }

  /** Those that need somebody stand first. */
  get #cameras() {
    return this.#devices.all.sort((a, b) => b.lost - a.lost);
  }

  #show() {
    if (!this.#devices.hub) return;
    const cameras = this.#cameras;
    text(this.#title, said.headline(cameras));
    text(this.#sub, said.needs(cameras));
    keyed(
      this.#figures,
      said.figures(this.#devices, this.#today, this.#storage),
      ([what]) => what,
      ([what]) => el("div", {}, el("dt", {}, what), el("dd", {}, el("b"), " ", el("small"))),
      (node, [, value, note]) => {
        text(node.lastChild.firstChild, value);
        text(node.lastChild.lastChild, note);
      },
    );
    this.#empty.hidden = cameras.length > 0;
    this.#table.hidden = cameras.length === 0;
    this.#cards.show(cameras, this.#newest, this.#lanes, this.#devices.clock.now());
  }

  #asTable() {
    const now = this.#devices.clock.now();
    const rows = this.#cameras.map((camera) => [
      camera.name,
      said.standing(camera, now).word || (camera.watching ? "watching" : (camera.state ?? "")),
      said.seen(camera.device, now).replace("seen ", ""),
      said.waiting(camera.device) || "does not say",
      this.#lanes?.get(camera.id)?.visits ?? 0,
    ]);
    openTable("Cameras", ["Camera", "State", "Seen", "Waiting", "Today"], rows);
  }

  #details(id) {
    const camera = this.#devices.get(id);
    if (!camera) return;
    const { device } = camera;
    const row = ([what, value]) => el("tr", {}, el("th", { scope: "row" }, what), el("td", {}, value));
    const problems = said.wrong(camera).map((sentence) => el("p", { class: "s wrong" }, sentence));
    const live = liveOf(device);
    const visits = addressOf("timeline", null, { camera: id });
    const dialog = openDialog(
      camera.name,
      ...problems,
      el("table", { class: "facts" }, el("tbody", {}, said.facts(camera, this.#devices.clock.now()).map(row))),
      el(
        "div",
        { class: "row deeds" },
        el("a", { class: "btn", href: visits, on: { click: () => dialog.close() } }, "Its visits"),
        live && el("a", { class: "btn", href: live, target: "_blank", rel: "noopener noreferrer" }, "Live view"),
        !device.online &&
          el("button", { class: "btn", on: { click: () => this.#forget(device, dialog) } }, "Forget"),
      ),
    );
  }

  async #forget({ id, name }, dialog) {
    dialog.close();
    try {
      await send("DELETE", `api/v1/devices/${encodeURIComponent(id)}`);
      showToast(`${name} is forgotten. Its visits stay.`);
    } catch (error) {
      showToast(error.message, error.requestId);
    }
    this.#devices.tick(true);
  }
}
