// Recent visits: the strip of posters of one camera, and the list over all cameras beside the picture.

import { attr, el, icon, keyed, setIcon, svg, text } from "../dom.js";
import * as words from "../words.js";
import { openVisit, visitImage } from "./peek.js";

const POSTERS = 5;
const LISTED = 4;
const LISTED_ALONE = 8;
const HOUR_MS = 3_600_000;

/** The visits of cameras, newest first, as `{ visit, camera, key }`. */
export function gathered(cameras) {
  return cameras
    .flatMap((camera) => (camera.activity?.visits ?? []).map((visit) => ({ visit, camera, key: `${camera.id}/${visit.id}` })))
    .sort((a, b) => Date.parse(b.visit.start) - Date.parse(a.visit.start));
}

/** Where a picture stands: redrawn only when it has changed, as when a visit ends and its best picture is known. */
function showImage(frame, { visit, camera }) {
  const wanted = `${visit.picture} ${visit.end} ${visit.label}`;
  if (frame.dataset.picture === wanted) return;
  frame.dataset.picture = wanted;
  frame.classList.toggle("none", !visit.picture);
  frame.replaceChildren(visitImage(visit, camera));
}

export class Strip {
  #items = [];
  #list = el("div", { class: "strip", role: "group", "aria-label": "Recent visits" });
  node = this.#list;

  /** Shows the newest visits of `cameras`; `whose` names them while there are none. */
  show(cameras, whose) {
    this.#items = gathered(cameras);
    const shown = this.#items.slice(0, POSTERS);
    if (shown.length === 0) {
      if (!this.#list.querySelector(".ghost")) this.#list.replaceChildren(...Array.from({ length: POSTERS }, (_, i) => el("div", i === 0 ? { class: "ghost first" } : { class: "ghost", "aria-hidden": "true" })));
      text(this.#list.firstElementChild, `Visits to ${whose} stand here`);
      return;
    }
    keyed(this.#list, shown, ({ key }) => key, (item) => this.#make(item), writePoster);
  }

  #make({ key }) {
    const open = () => openVisit(this.#items, this.#items.findIndex((item) => item.key === key));
    const frame = el("span", { class: "pic" });
    const caption = el("span", { class: "c" }, icon("unknown", true), el("b"), el("time"));
    return el("button", { type: "button", class: "poster", "data-visit": key, "aria-haspopup": "dialog", on: { click: open } },
      el("span", { class: "pic" }, frame, el("span", { class: "dur" })), caption, el("span", { class: "d" }));
  }
}

function writePoster(node, item) {
  const { visit } = item;
  const [picture, caption, deed] = node.children;
  showImage(picture.firstElementChild, item);
  text(picture.lastElementChild, words.length(visit.duration_s));
  const [glyph, label, time] = caption.children;
  setIcon(glyph, words.labelIcon(visit.label));
  text(label, words.labelName(visit.label));
  text(time, visit.end ? words.time(visit.start) : "now");
  attr(time, "datetime", visit.start);
  text(deed, words.visitDeed(visit));
}

export class VisitPanel {
  #items = [];
  #head = el("h2", { class: "voice" });
  #sub = el("p", { class: "s faint" });
  #list = el("ul", { class: "visits" });
  #foot = el("div", { class: "foot s mute" });
  #full = el("section", { class: "panel", "aria-label": "Visits" }, this.#head, this.#sub, this.#list, this.#foot);
  #emptyWords = el("p", { class: "s mute" });
  #empty = el("section", { class: "empty", "aria-label": "Visits", hidden: true },
    svg("svg", { class: "bird", viewBox: "0 0 36 26", "aria-hidden": "true" }, svg("use", { href: "#bird" })), el("h2", { class: "voice" }, "Nothing has moved yet"), this.#emptyWords);
  node = el("div", {}, this.#full, this.#empty);

  /** Shows the newest visits over all cameras; `now` is the server's clock. */
  show(cameras, now) {
    this.#items = gathered(cameras);
    const known = cameras.some((camera) => camera.activity);
    const misses = cameras.reduce((sum, camera) => sum + (camera.activity?.near_misses ?? 0), 0);
    this.#empty.hidden = !known || this.#items.length > 0;
    this.#full.hidden = !known || this.#items.length === 0;
    const since = Math.min(...cameras.map((camera) => Date.parse(camera.info.source.since)));
    const names = cameras.length === 1 ? cameras[0].name : `${words.number(cameras.length)} cameras`;
    text(this.#emptyWords, `Nightjar is watching ${names} since ${words.time(since)}.${misses > 0 ? ` ${words.missesNote(misses)}` : ""}`);
    if (this.#items.length === 0) return;
    const recent = this.#items.filter(({ visit }) => !visit.end || Date.parse(visit.end) > now - HOUR_MS);
    text(this.#head, words.visitsHead(recent.length));
    const [{ visit, camera }] = this.#items;
    text(this.#sub, visit.end ? `The last one at ${words.time(visit.start)}${cameras.length > 1 ? ` in ${camera.name}` : ""}.` : `One of them now${cameras.length > 1 ? ` in ${camera.name}` : ""}.`);
    keyed(this.#list, this.#items.slice(0, cameras.length === 1 ? LISTED_ALONE : LISTED), ({ key }) => key, (item) => this.#make(item), writeRow);
    this.#foot.hidden = misses === 0;
    text(this.#foot, words.missesNote(misses));
  }

  #make({ key }) {
    const open = () => openVisit(this.#items, this.#items.findIndex((item) => item.key === key));
    return el("li", {}, el("button", { type: "button", "data-visit": key, "aria-haspopup": "dialog", on: { click: open } },
      el("span", { class: "pic" }), el("span", {}, el("span", { class: "t1" }), el("span", { class: "t2" }))));
  }
}

function writeRow(node, item) {
  const { visit, camera } = item;
  const [frame, said] = node.firstElementChild.children;
  showImage(frame, item);
  const image = frame.querySelector("img");
  if (image) image.alt = ""; // the words beside it say the same
  const deed = words.visitDeed(visit);
  text(said.firstElementChild, `${words.labelName(visit.label)}, ${deed[0].toLowerCase()}${deed.slice(1)}`);
  text(said.lastElementChild, `${camera.name}, ${visit.end ? words.time(visit.start) : "now"}`);
}
