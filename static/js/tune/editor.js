// Zones drawn on the picture by hand: corners and names are buttons, so that keys, mouse and fingers do the same.
// Arrows move 1 %, with Shift 5 %; Del removes a corner, + adds one; a click on a side adds one there; Escape lets go.
// A corner that was touched, or chosen with Enter, can be removed by a button too: a phone has no Del.

import { attr, el, icon, keyed, svg, text } from "../dom.js";
import { centre, drawPolygon } from "../live/zones.js";
import * as words from "../words/zones.js";
import { FEWEST } from "./draft.js";

const STEP = 0.01;
const LEAP = 0.05;
const CLEAR = 22; // pixels; half of what a finger needs at a corner
const HIDDEN = 16; // a name, given by the halves of its sides, that takes more than a quarter of its zone hides it
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Editor {
  #draft;
  #at = null;
  #frame;
  #drag = null;
  #polygons = svg("g");
  #sides = svg("g");
  #drawing = svg("svg", { class: "zones", "aria-hidden": "true" }, this.#polygons, this.#sides);
  #handles = el("div", { class: "handles" });
  node = el(
    "div",
    { class: "editor", role: "group", "aria-label": "Zones on the picture" },
    this.#drawing,
    this.#handles,
  );
  #hint = el("p");
  #less = el(
    "button",
    { class: "btn", on: { click: () => this.#remove(this.#draft.selected, this.#draft.corner) } },
    icon("trash", true),
    "Remove corner",
  );
  /** How to work here, and what can be done with a corner; stands below the picture. */
  help = el("div", { class: "s mute between tunehelp" }, this.#hint, this.#less);

  constructor(draft) {
    this.#draft = draft;
    draft.addEventListener("change", () => this.#draw());
    this.node.addEventListener("pointermove", (event) => this.#dragged(event));
    for (const type of ["pointerup", "pointercancel"]) this.node.addEventListener(type, () => this.#dropped());
    this.node.addEventListener("keydown", (event) => this.#escape(event));
    this.#polygons.addEventListener("pointerdown", (event) => this.#grabbedArea(event));
    this.#sides.addEventListener("pointerdown", (event) => this.#grabbedSide(event));
    this.node.addEventListener("pointerdown", (event) => {
      if (event.target === this.#drawing || event.target === this.node) draft.select(null);
    });
  }

  /** The frame's size and where the picture lies in it, CSS pixels. */
  place(frame, at) {
    attr(this.#drawing, "viewBox", `0 0 ${frame.w} ${frame.h}`);
    this.#at = at;
    this.#frame = frame;
    this.#draw();
  }

  /** Puts the focus on a corner of a zone. */
  focusCorner(id, i) {
    this.#handles.querySelector(`[data-zone="${id}"] [data-corner="${i}"]`)?.focus({ preventScroll: true });
  }

  #pixels([x, y]) {
    return [this.#at.x + x * this.#at.w, this.#at.y + y * this.#at.h];
  }

  /** Where a pointer is, in shares of the picture. */
  #shares(event) {
    const box = this.node.getBoundingClientRect();
    return [(event.clientX - box.left - this.#at.x) / this.#at.w, (event.clientY - box.top - this.#at.y) / this.#at.h];
  }

  #draw() {
    if (!this.#at) return;
    const { zones, selected, corner } = this.#draft;
    const drawn = zones.map((zone) => ({ zone, points: zone.points.map((point) => this.#pixels(point)) }));
    keyed(
      this.#polygons,
      drawn,
      ({ zone }) => zone.id,
      () => svg("polygon"),
      (node, item) => {
        drawPolygon(node, item);
        node.classList.toggle("on", item.zone.id === selected);
      },
    );
    const one = drawn.find(({ zone }) => zone.id === selected);
    const sides = (one?.points ?? []).map((from, i, all) => ({ i, from, to: all[(i + 1) % all.length] }));
    keyed(
      this.#sides,
      sides,
      ({ i }) => i,
      () => svg("polyline", { class: "side" }),
      (line, { from, to }) => attr(line, "points", `${from} ${to}`),
    );
    keyed(
      this.#handles,
      drawn,
      ({ zone }) => zone.id,
      ({ zone }) => this.#makeZone(zone.id),
      (group, item) => this.#writeZone(group, item, item.zone.id === selected),
    );
    drawn.forEach(({ points }, i) => this.#putName(this.#handles.children[i].firstChild, points));
    text(this.#hint, words.hint(zones, one?.zone, corner));
    this.#less.hidden = corner === null;
    if (corner === null) return;
    attr(this.#less, "aria-label", `Remove ${words.place(one.zone, corner)}`);
    attr(this.#less, "disabled", one.points.length <= FEWEST);
  }

  /** A name that would hide much of its zone stands above it, else below, clear of the corners; none sticks out at the side. */
  #putName(name, points) {
    const [w, h] = [name.offsetWidth / 2, name.offsetHeight / 2];
    const ends = (axis) => [Math.min, Math.max].map((most) => most(...points.map((point) => point[axis])));
    const [[left, right], [top, bottom]] = [ends(0), ends(1)];
    let [x, y] = centre(points);
    if ((right - left) * (bottom - top) < HIDDEN * w * h)
      y = [top - CLEAR - h, bottom + CLEAR + h].find((at) => at >= h && at <= this.#frame.h - h) ?? y;
    put(name, [Math.max(w, Math.min(this.#frame.w - w, x)), y]);
  }

  #makeZone(id) {
    const name = el("button", {
      class: "zname",
      on: {
        pointerdown: (event) => this.#grab(event, { id, corner: null }),
        focus: () => this.#draft.select(id),
        click: () => this.#draft.select(id),
        keydown: (event) => this.#key(event, id, null),
      },
    });
    return el("div", { role: "group", "data-zone": id }, name, el("div", { class: "corners" }));
  }

  #writeZone(group, { zone, points }, selected) {
    const [name, corners] = group.children;
    attr(group, "aria-label", words.title(zone));
    text(name, words.title(zone));
    attr(name, "aria-label", `${words.title(zone)}. Arrow keys move the whole zone.`);
    attr(name, "aria-pressed", String(selected));
    const shown = selected ? points.map((at, i) => ({ at, i })) : [];
    keyed(
      corners,
      shown,
      ({ i }) => i,
      ({ i }) => this.#makeCorner(zone.id, i),
      (corner, { at, i }) => {
        attr(corner, "aria-label", words.corner(zone, i));
        attr(corner, "aria-pressed", String(i === this.#draft.corner));
        put(corner, at);
      },
    );
  }

  #makeCorner(id, i) {
    return el("button", {
      class: "corner",
      "data-corner": i,
      "aria-keyshortcuts": "ArrowLeft ArrowRight ArrowUp ArrowDown Delete +",
      on: {
        pointerdown: (event) => this.#grab(event, { id, corner: i }),
        click: () => this.#draft.select(id, i),
        keydown: (event) => this.#key(event, id, i),
        blur: () => this.#draft.seal(),
      },
    });
  }

  /** A key at a corner, or (null) at the name of a zone. */
  #key(event, id, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = ARROWS[event.key]?.map((way) => way * (event.shiftKey ? LEAP : STEP));
    if (i === null) {
      if (!by) return;
      this.#draft.moveZone(id, ...by);
    } else if (by) {
      const [x, y] = this.#draft.zone(id).points[i];
      this.#draft.moveCorner(id, i, x + by[0], y + by[1]);
    } else if (event.key === "Delete" || event.key === "Backspace") this.#remove(id, i);
    else if (event.key === "+" || event.key === "Insert") this.#add(id, i);
    else return;
    event.preventDefault();
  }

  #remove(id, i) {
    if (this.#draft.removeCorner(id, i)) this.focusCorner(id, Math.max(0, i - 1));
  }

  #add(id, i, place) {
    const added = this.#draft.addCorner(id, i, place);
    if (added >= 0) this.focusCorner(id, added);
    return added;
  }

  #grabbedArea(event) {
    const at = [...this.#polygons.children].indexOf(event.target);
    const zone = this.#draft.zones[at];
    if (!zone) return;
    const held = zone.id === this.#draft.selected;
    this.#draft.select(zone.id);
    // A finger on an area scrolls the page; the name is its handle.
    if (held && event.pointerType === "mouse") this.#grab(event, { id: zone.id, corner: null });
  }

  #grabbedSide(event) {
    if (event.button !== 0) return;
    event.preventDefault(); // else the focus would go from the new corner to the page
    const i = [...this.#sides.children].indexOf(event.target);
    const id = this.#draft.selected;
    const corner = this.#add(id, i, this.#shares(event));
    if (corner >= 0) this.#grab(event, { id, corner });
  }

  #grab(event, { id, corner }) {
    if (event.button !== 0 || !this.#at) return;
    this.#draft.select(id, corner);
    this.#draft.seal();
    this.#drag = { id, corner, last: this.#shares(event) };
    this.node.setPointerCapture(event.pointerId);
    if (corner !== null) this.focusCorner(id, corner);
    attr(this.node, "data-dragging", true);
  }

  #dragged(event) {
    if (!this.#drag) return;
    const { id, corner, last } = this.#drag;
    const now = this.#shares(event);
    if (corner === null) this.#draft.moveZone(id, now[0] - last[0], now[1] - last[1]);
    else this.#draft.moveCorner(id, corner, ...now);
    this.#drag.last = now;
  }

  /** Escape takes a drag back, and lets a zone go. */
  #escape(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (this.#drag) {
      this.#dropped();
      this.#draft.undo();
    } else if (this.#draft.selected !== null) {
      this.#handles.querySelector(`[data-zone="${this.#draft.selected}"] .zname`)?.focus();
      this.#draft.select(null);
    }
  }

  #dropped() {
    if (!this.#drag) return;
    this.#drag = null;
    this.#draft.seal();
    attr(this.node, "data-dragging", null);
  }
}

/** Puts a handle's middle at a place; set by script, since the page's policy forbids inline style. */
function put(node, [x, y]) {
  node.style.left = `${x.toFixed(1)}px`;
  node.style.top = `${y.toFixed(1)}px`;
}
