// The day as a line of time with a row per camera: barring for what moved, a playhead that goes over all of them, a peek at what
// was there. Pointer, touch, pinch, wheel and keys; down to ten minutes.

import { attr, el, keyed, svg, text } from "../dom.js";
import * as said from "../events/words.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import { showPicture } from "./cards.js";
import { labels } from "./day.js";

const WIDE = 1440;
const MIDDLE = 23;
const LEAST_MS = 600_000;
const MINUTE_MS = 60_000;
const FINE_MS = 6 * 3_600_000; // so long a line shows what the day's minutes are known by, a longer one five of them
const FINER_MS = 2 * 3_600_000; // so short a line is asked for in more detail
const STROKES = 240;
const SETTLE_MS = 200;
const REACH = 0.02; // a visit within so much of the line counts as under the pointer
const MANY = 6;
const QUIET_MS = 300; // a wheel that scrolls the page does not zoom what comes under the pointer

const SAME = { ArrowUp: "ArrowRight", ArrowDown: "ArrowLeft", "=": "+" }; // keys that do the same

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export class Band {
  #deeds;
  #seen = null; // what is shown; see show()
  #view = { from: 0, to: 1 };
  #pointers = new Map();
  #pinched = null;
  #scrolledAt = -Infinity;
  #fine = null; // what is known of the part of the day that is zoomed to: as in show(), with `to`
  #settle = 0;
  #rows = el("div", { class: "rows" });
  #flag = el("span", { class: "flag" });
  #head;
  #peekPicture = el("span", { class: "pic" });
  #peekWords = el("p");
  #peek = el("a", { class: "peek", tabindex: "-1", hidden: true }, this.#peekPicture, this.#peekWords);
  #future = el("span", { class: "fut" });
  #plane;
  #whole = el(
    "button",
    {
      class: "s link",
      hidden: true,
      on: { click: () => this.#zoomTo(this.#seen.from, this.#seen.to) },
    },
    "Whole day",
  );
  #axis = el("div", { class: "axis", "aria-hidden": "true" });
  node;

  /** `deeds`: `seek(t)` the playhead was moved, `step(by)` to the next visit, `near(t, reach, camera)` answers one, `open(event)`, `lanes(from, to, bin)`. */
  constructor(deeds) {
    this.#deeds = deeds;
    this.#head = el(
      "div",
      {
        class: "playhead",
        role: "slider",
        tabindex: "0",
        "aria-label": "Time of day",
        on: {
          keydown: (event) => this.#key(event),
          focus: () => this.#peekAt(this.#seen?.t),
          blur: () => this.#hide(),
        },
      },
      this.#flag,
    );
    this.#plane = el("div", { class: "plane" }, this.#future, this.#head, this.#peek);
    this.node = el(
      "div",
      { class: "scrub" },
      this.#rows,
      this.#plane,
      el("div", { class: "lab" }, this.#whole),
      this.#axis,
    );
    const plane = this.#plane;
    plane.addEventListener("pointerdown", (event) => this.#down(event));
    plane.addEventListener("mousedown", (event) => event.preventDefault()); // the playhead keeps the focus
    plane.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) plane.addEventListener(type, (event) => this.#up(event));
    plane.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#hide());
    plane.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#seen && this.draw()).observe(plane);
    addEventListener("scroll", () => (this.#scrolledAt = performance.now()), { passive: true });
    addEventListener("pointerdown", ({ target }) => plane.contains(target) || this.#hide());
  }

  /**
   * Shows a day `from`–`to`: `cameras`; `lanes` (id → `{ visits, bins }`, `bin` ms each); `now`; `t`, where the playhead is; `chosen`,
   * the visit there, or null; `open`, the visits that go on; `camera`, the one that is filtered for; `link(id)`, its filter's address.
   */
  show(seen) {
    if (this.#seen?.from !== seen.from) this.#view = { from: seen.from, to: seen.to };
    const old = this.#seen?.lanes !== seen.lanes;
    if (old) this.#fine = null;
    this.#seen = seen;
    this.draw();
    if (old) this.#refineSoon();
  }

  /** Draws everything anew, as when time has passed. */
  draw() {
    const { cameras, from, to, now } = this.#seen;
    const span = this.#view.to - this.#view.from;
    attr(this.node, "data-many", cameras.length > MANY);
    keyed(
      this.#rows,
      cameras,
      ({ id }) => id,
      () =>
        el(
          "div",
          { class: "lane" },
          el("a", { class: "lab" }, el("span"), el("span")),
          el(
            "div",
            { class: "sky" },
            svg(
              "svg",
              { class: "bar", viewBox: `0 0 ${WIDE} 46`, preserveAspectRatio: "none", role: "img" },
              svg("path", { class: "t" }),
              svg("path", { class: "hot" }),
            ),
          ),
        ),
      (row, camera) => this.#lane(row, camera),
    );
    this.#future.style.left = this.#left(clamp(now, this.#view.from, this.#view.to));
    this.#future.hidden = now > to;
    this.#whole.hidden = span === to - from;
    const marks = labels(this.#view.from, this.#view.to, this.#plane.clientWidth < 500 && span < FINE_MS ? 6 : 10);
    keyed(
      this.#axis,
      marks,
      ({ at }) => at,
      () => el("span"),
      (mark, { at, word }) => {
        mark.style.left = this.#left(at);
        attr(mark, "data-end", at === this.#view.from ? "from" : at === this.#view.to ? "to" : null);
        text(mark, word);
      },
    );
    this.#place();
  }

  #left(at) {
    return `${((at - this.#view.from) / (this.#view.to - this.#view.from)) * 100}%`;
  }

  #lane(row, camera) {
    const { lanes, camera: only, link } = this.#seen;
    const [label, sky] = row.children;
    const lane = lanes?.get(camera.id);
    const visits = lane ? words.count(lane.visits, "visit") : "";
    text(label.firstChild, camera.name);
    text(label.lastChild, visits);
    attr(label, "href", link(camera.id));
    attr(label, "aria-current", only === camera.id);
    attr(row, "data-dim", only !== null && only !== camera.id);
    const [bar, hot] = sky.firstChild.children;
    const paths = this.#strokes(camera.id, lane);
    attr(bar, "d", paths.bar);
    attr(hot, "d", paths.hot);
    attr(sky.firstChild, "aria-label", `${camera.name}: ${visits}`);
  }

  #strokes(camera, lane) {
    const { now, chosen, open } = this.#seen;
    const { from: left, to: right } = this.#view;
    const fine = this.#fine?.from <= left && this.#fine.to >= right ? this.#fine : null;
    const { from, bin } = fine ?? this.#seen;
    if (fine) lane = fine.lanes.get(camera);
    const unit = fine ? bin : right - left > FINE_MS ? 5 * MINUTE_MS : MINUTE_MS;
    const moved = new Map();
    const add = (at, seconds) => moved.set(Math.floor(at / unit), (moved.get(Math.floor(at / unit)) ?? 0) + seconds);
    for (const [i, seconds] of lane?.bins ?? []) add(i * bin, seconds);
    const mine = open.filter((event) => event.camera === camera);
    for (const event of mine)
      for (let at = said.startOf(event); at < now; at += unit) add(at - from, Math.min(unit, now - at) / 1000);
    if (chosen?.camera === camera) mine.push(chosen);
    const hot = mine.map((event) => [said.startOf(event), said.endOf(event, now)]);
    const paths = { bar: "", hot: "" };
    for (const [k, seconds] of moved) {
      const at = from + k * unit;
      const x = (WIDE * (at + unit / 2 - left)) / (right - left);
      if (x < 0 || x > WIDE) continue;
      const half = 4 + 17 * Math.sqrt(Math.min(1, (seconds * 2000) / unit));
      const lit = hot.some(([begin, end]) => begin < at + unit && end >= at);
      paths[lit ? "hot" : "bar"] += `M${x.toFixed(1)} ${(MIDDLE - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    }
    return paths;
  }

  /** Puts the playhead where it belongs. */
  #place() {
    const { from, to, t, chosen, nameOf } = this.#seen;
    const share = (t - this.#view.from) / (this.#view.to - this.#view.from);
    this.#head.style.translate = `${(share * this.#plane.clientWidth).toFixed(1)}px`;
    this.#flag.style.translate = `${-100 * clamp(share, 0, 1)}%`; // it stays within the line
    attr(this.#head, "data-out", t < this.#view.from || t > this.#view.to);
    text(this.#flag, words.time(t));
    attr(this.#head, "aria-valuemin", 0);
    attr(this.#head, "aria-valuemax", Math.round((to - from) / MINUTE_MS));
    attr(this.#head, "aria-valuenow", Math.round((t - from) / MINUTE_MS));
    const there = chosen && `, ${nameOf(chosen.camera)}: ${words.labelName(chosen.label).toLowerCase()}`;
    attr(this.#head, "aria-valuetext", `${words.time(t)}${there ?? ""}`);
  }

  #seek(t) {
    const { from, to } = this.#seen;
    const at = clamp(t, from, to - 1);
    const span = this.#view.to - this.#view.from;
    if (at < this.#view.from || at > this.#view.to) this.#zoomTo(at - span / 2, at + span / 2);
    this.#deeds.seek(at);
  }

  async #key(event) {
    const { key, shiftKey } = event;
    const { t, from, to, chosen } = this.#seen;
    const step = (shiftKey ? 60 : 5) * MINUTE_MS;
    const deed = {
      ArrowRight: () => this.#seek(t + step),
      ArrowLeft: () => this.#seek(t - step),
      Home: () => this.#seek(from),
      End: () => this.#seek(Math.min(to, this.#seen.now)),
      PageDown: () => this.#deeds.step(1),
      PageUp: () => this.#deeds.step(-1),
      Enter: () => chosen && this.#deeds.open(chosen),
      "+": () => this.#zoom(0.5, t),
      "-": () => this.#zoom(2, t),
      0: () => this.#zoomTo(from, to),
    }[SAME[key] ?? key];
    if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    await deed();
    this.#peekAt(this.#seen.t);
  }

  #timeAt(x) {
    const { left, width } = this.#plane.getBoundingClientRect();
    return this.#view.from + ((x - left) / width) * (this.#view.to - this.#view.from);
  }

  #cameraAt(y) {
    const { top, height } = this.#plane.getBoundingClientRect();
    const { cameras } = this.#seen;
    return cameras[clamp(Math.floor(((y - top) / height) * cameras.length), 0, cameras.length - 1)]?.id;
  }

  #down(event) {
    if (event.button !== 0 || this.#peek.contains(event.target)) return;
    this.#plane.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event.clientX);
    const xs = [...this.#pointers.values()];
    this.#pinched = xs.length === 2 ? xs.map((x) => this.#timeAt(x)) : null;
    if (xs.length === 1) this.#scrub(event);
  }

  #move(event) {
    if (this.#peek.contains(event.target) && this.#pointers.size === 0) return;
    if (!this.#pointers.has(event.pointerId)) {
      if (event.pointerType === "mouse" && !this.#peek.hasAttribute("data-held"))
        this.#peekAt(this.#timeAt(event.clientX), this.#cameraAt(event.clientY));
      return;
    }
    this.#pointers.set(event.pointerId, event.clientX);
    if (this.#pinched) this.#pinch();
    else if (this.#pointers.size === 1) this.#scrub(event);
  }

  #up(event) {
    if (this.#pointers.delete(event.pointerId)) attr(this.#peek, "data-held", true);
    this.#pinched = null;
  }

  #scrub(event) {
    this.#seek(this.#timeAt(event.clientX));
    this.#head.focus({ preventScroll: true });
    this.#peekAt(this.#seen.t, this.#cameraAt(event.clientY));
  }

  /** The times under both fingers stay under them. */
  #pinch() {
    const { left, width } = this.#plane.getBoundingClientRect();
    const [a, b] = [...this.#pointers.values()].map((x) => (x - left) / width);
    if (Math.abs(a - b) < 0.02) return;
    const span = (this.#pinched[1] - this.#pinched[0]) / (b - a);
    this.#zoomTo(this.#pinched[0] - a * span, this.#pinched[0] + (1 - a) * span);
  }

  #wheel(event) {
    if (!event.ctrlKey && performance.now() - this.#scrolledAt < QUIET_MS) return;
    const { from, to } = this.#view;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const whole = to - from >= this.#seen.to - this.#seen.from;
    if (whole && (sideways || event.deltaY > 0) && !event.ctrlKey) return;
    event.preventDefault();
    const by = event.deltaY * (event.deltaMode === 1 ? 30 : 1);
    if (sideways) {
      const shift = (((event.deltaX || by) * (to - from)) / this.#plane.clientWidth) * 0.8;
      this.#zoomTo(from + shift, to + shift);
    } else this.#zoom(Math.exp(clamp(by, -100, 100) / 300), this.#timeAt(event.clientX));
  }

  #zoom(factor, around) {
    const { from, to } = this.#view;
    const span = clamp((to - from) * factor, LEAST_MS, this.#seen.to - this.#seen.from);
    const share = clamp((around - from) / (to - from), 0, 1);
    this.#zoomTo(from + share * (to - from) - share * span, from + share * (to - from) + (1 - share) * span);
  }

  #zoomTo(from, to) {
    const day = this.#seen;
    const span = clamp(to - from, LEAST_MS, day.to - day.from);
    const left = clamp(from, day.from, day.to - span);
    this.#view = { from: left, to: left + span };
    this.draw();
    this.#refineSoon();
  }

  #refineSoon() {
    clearTimeout(this.#settle);
    if (this.#view.to - this.#view.from <= FINER_MS) this.#settle = setTimeout(() => this.#refine(), SETTLE_MS);
  }

  /** Asks for what is zoomed to, and a line of time before and after it. */
  async #refine() {
    const { from, to } = this.#view;
    const span = to - from;
    const bin = 1000 * Math.max(2, Math.round(span / STROKES / 1000));
    const wanted = { from: from - span, to: to + span, bin };
    if (this.#fine?.bin === bin && this.#fine.from <= from && this.#fine.to >= to) return;
    try {
      this.#fine = { ...wanted, lanes: await this.#deeds.lanes(wanted.from, wanted.to, bin / 1000) };
      this.draw();
    } catch {
      // the day's minutes are shown all the same
    }
  }

  async #peekAt(t, camera = null) {
    if (t === undefined) return;
    const asked = (this.#peek.asked = {});
    const reach = REACH * (this.#view.to - this.#view.from);
    const event = await this.#deeds.near(t, reach, camera);
    if (this.#peek.asked !== asked) return;
    this.#peek.hidden = !event;
    if (!event) return;
    const { width } = this.#plane.getBoundingClientRect();
    const half = this.#peek.offsetWidth / 2;
    const x = (width * (t - this.#view.from)) / (this.#view.to - this.#view.from);
    this.#peek.style.left = `${clamp(x - half, 0, Math.max(0, width - 2 * half))}px`;
    attr(this.#peek, "href", addressOf("event", event.id));
    showPicture(this.#peekPicture, event, false);
    const name = el("b", {}, `${words.labelName(event.label)}, ${said.timeOf(event)}`);
    const facts = `${this.#seen.nameOf(event.camera)}, ${said.lengthOf(event)}. ${said.deedOf(event)}.`;
    this.#peekWords.replaceChildren(name, el("span", { class: "mute" }, facts));
  }

  #hide() {
    this.#peek.asked = null;
    this.#peek.hidden = true;
    attr(this.#peek, "data-held", null);
  }
}
