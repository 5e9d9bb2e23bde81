// Recent visits: the strip of posters of one camera, and the list over all cameras beside the picture.

import { attr, bird, el, icon, setIcon, text } from "../dom.js";
import * as words from "../words.js";
import { openVisit, visitImage } from "./peek.js";

const POSTERS = 5;
const LISTED = 4;
const LISTED_ALONE = 8; // also where there are so many cameras that the list stands below them
const MANY = 6;

/**
 * The visits of cameras as `{ visit, camera, key, now }`, newest first, but those that go on before all others; while the server is
 * `silent`, none is of now.
 */
export function gathered(cameras, silent) {
  return cameras
    .flatMap((camera) =>
      (camera.activity?.visits ?? []).map((visit) => ({
        visit: silent ? visit : camera.told(visit),
        camera,
        key: `${camera.id}/${visit.id}`,
        now: !visit.end && !silent,
      })),
    )
    .sort((a, b) => b.now - a.now || Date.parse(b.visit.start) - Date.parse(a.visit.start));
}

/** Where a picture stands: redrawn only when it has changed, as when a visit ends and its best picture is known. */
function showImage(frame, { visit, camera }) {
  const wanted = `${visit.picture} ${visit.start} ${visit.end} ${visit.label}`;
  if (frame.dataset.picture === wanted) return;
  frame.dataset.picture = wanted;
  frame.classList.toggle("none", !visit.picture);
  const image = visitImage(visit, camera);
  if (visit.picture) image.alt = ""; // the words beside it, or on the button, say the same
  frame.replaceChildren(image);
}

/**
 * Fixed places for visits: a new one takes the first place and the others' contents move on, so that nothing on the page
 * moves. The focus follows its visit.
 */
class Places {
  items = [];
  #parent;
  #make;
  #write;

  /** `make(onClick)` builds a place, `write(place, item)` fills it; the place's button is marked with `data-visit`. */
  constructor(parent, make, write) {
    this.#parent = parent;
    this.#make = make;
    this.#write = write;
  }

  /** Shows the first `n` of `items`; the dialog may go through all of them. */
  show(items, n) {
    this.items = items;
    const shown = items.slice(0, n);
    const held = this.#parent.contains(document.activeElement) ? document.activeElement.dataset.visit : undefined;
    while (this.#parent.children.length > shown.length) this.#parent.lastElementChild.remove();
    while (this.#parent.children.length < shown.length) this.#parent.append(this.#make((event) => this.#open(event)));
    shown.forEach((item, i) => {
      const place = this.#parent.children[i];
      button(place).dataset.visit = item.key;
      this.#write(place, item);
    });
    if (held !== undefined)
      [...this.#parent.children]
        .map(button)
        .find(({ dataset }) => dataset.visit === held)
        ?.focus({ preventScroll: true });
  }

  #open({ currentTarget }) {
    openVisit(
      this.items,
      this.items.findIndex(({ key }) => key === currentTarget.dataset.visit),
    );
  }
}

const button = (place) => (place.matches("button") ? place : place.querySelector("button"));

export class Strip {
  #list = el("div", { class: "strip", role: "group", "aria-label": "Recent visits" });
  #none = el("div", { class: "strip" });
  #places = new Places(this.#list, makePoster, writePoster);
  node = el("div", {}, this.#list, this.#none);

  constructor() {
    for (let i = 0; i < POSTERS; i += 1) this.#none.append(el("div", { class: i === 0 ? "ghost first" : "ghost" }));
  }

  /** Shows the newest visits of `camera`; `silent` while nothing is heard of it. */
  show(camera, silent) {
    const items = gathered([camera], silent);
    this.#list.hidden = items.length === 0;
    this.#none.hidden = items.length > 0;
    text(this.#none.firstElementChild, camera.activity ? `Visits to ${camera.name} stand here` : "");
    this.#places.show(items, POSTERS);
  }
}

function makePoster(open) {
  return el(
    "button",
    { class: "poster", "aria-haspopup": "dialog", on: { click: open } },
    el("span", { class: "pic" }, el("span", { class: "pic" }), el("span", { class: "dur" })),
    el("span", { class: "c" }, icon("unknown", true), el("b"), el("time")),
    el("span", { class: "d" }),
  );
}

function writePoster(node, item) {
  const { visit, camera, now } = item;
  const [picture, caption, deed] = node.children;
  showImage(picture.firstElementChild, item);
  picture.lastElementChild.hidden = !visit.end;
  text(picture.lastElementChild, words.length(visit.duration_s));
  const [glyph, label, time] = caption.children;
  setIcon(glyph, words.labelIcon(visit.label));
  text(label, words.labelName(visit.label));
  text(time, now ? "now" : words.time(visit.start));
  attr(time, "datetime", visit.start);
  text(deed, words.visitDeed(visit, now));
  attr(
    node,
    "aria-label",
    `${words.visitAlt(visit, camera.name, now)}${visit.end ? ` ${words.length(visit.duration_s)}` : ""}`,
  );
}

export class VisitPanel {
  #head = el("h2", { class: "voice" });
  #sub = el("p", { class: "s faint sub" });
  #list = el("ul", { class: "visits" });
  #foot = el("div", { class: "foot s mute" });
  #places = new Places(this.#list, makeRow, writeRow);
  #full = el(
    "section",
    { class: "panel", "aria-label": "Visits", hidden: true },
    this.#head,
    this.#sub,
    this.#list,
    this.#foot,
  );
  #emptyWords = el("p", { class: "s mute" });
  #empty = el(
    "section",
    { class: "empty", "aria-label": "Visits", hidden: true },
    bird(),
    el("h2", { class: "voice" }, "Nothing has moved yet"),
    this.#emptyWords,
  );
  node = el("div", {}, this.#full, this.#empty);

  /** Shows the newest visits over all cameras; `now` is the server's clock, `silent` while nothing is heard of it. */
  show(cameras, now, silent) {
    const items = gathered(cameras, silent);
    const known = cameras.some((camera) => camera.activity);
    const hours = cameras.map((camera) => camera.hour(now));
    const misses = hours.reduce((sum, hour) => sum + hour.misses, 0);
    this.#empty.hidden = !known || items.length > 0;
    this.#full.hidden = items.length === 0;
    text(this.#emptyWords, words.sinceWhen(cameras, misses));
    const rows = Math.min(items.length, cameras.length === 1 || cameras.length > MANY ? LISTED_ALONE : LISTED);
    if (rows !== this.#list.children.length) this.#full.append(this.#foot); // put back below the longer list
    this.#places.show(items, rows);
    if (items.length === 0) return;
    const recent = hours.reduce((sum, hour) => sum + hour.all, 0);
    const [newest] = items;
    text(this.#head, words.visitsHead(recent));
    const open = items.filter((item) => item.now).length;
    text(this.#sub, words.lastVisit(recent, open, newest.visit, cameras.length > 1 ? newest.camera.name : ""));
    this.#foot.hidden = misses === 0;
    text(this.#foot, words.missesNote(misses));
  }
}

function makeRow(open) {
  return el(
    "li",
    {},
    el(
      "button",
      { "aria-haspopup": "dialog", on: { click: open } },
      el("span", { class: "pic" }),
      el("span", {}, el("span", { class: "t1" }), " ", el("span", { class: "t2" }, el("span"), el("span"))),
    ),
  );
}

function writeRow(node, item) {
  const { visit, camera, now } = item;
  const [frame, said] = button(node).children;
  showImage(frame, item);
  const deed = words.visitDeed(visit, now);
  text(said.firstElementChild, `${words.labelName(visit.label)}, ${deed[0].toLowerCase()}${deed.slice(1)}`);
  const [place, time] = said.lastElementChild.children;
  text(place, camera.name);
  text(time, `, ${now ? "now" : words.time(visit.start)}`);
}
