// Beside the posters: at which hours they come, on which days, and how long the disk lasts. Plots, words and tables.

import { attr, el, svg, text } from "../dom.js";
import * as said from "../events/words.js";
import { openTable } from "../live/peek.js";
import * as words from "../words.js";
import { beginOf } from "./day.js";
import { tableButton } from "./head.js";

const MIDDLE = 130;
const INNER = 40;
const OUTER = 105;
const HIGH = 78;

/** The visits of `days` in bins of `seconds`, by day and by hour of this browser's zone. */
export function tally(lanes, seconds, days) {
  const byDay = new Map(days.map((day) => [day, 0]));
  const byHour = Array(24).fill(0);
  const strokes = new Map(days.map((day) => [day, Array(12).fill(0)]));
  const from = beginOf(days[0]);
  for (const { bins } of lanes.values())
    for (const [i, moved, visits] of bins) {
      const at = new Date(from + i * seconds * 1000);
      const day = said.dayOf(at);
      if (!byDay.has(day)) continue;
      byDay.set(day, byDay.get(day) + visits);
      byHour[at.getHours()] += visits;
      strokes.get(day)[at.getHours() >> 1] += moved;
    }
  return { byDay, byHour, strokes, total: byHour.reduce((sum, n) => sum + n, 0) };
}

export class Aside {
  #tally = null;
  #range = "";
  #clock = plot("0 0 260 260");
  #total = svg("text", { x: MIDDLE, y: 134, class: "big" });
  #unit = svg("text", { x: MIDDLE, y: 149 });
  #wedges = svg("path", { class: "b" });
  #wedge = svg("path", { class: "b on" });
  #days = plot("0 0 282 104");
  #bars = svg("path", { class: "bars" });
  #bar = svg("path", { class: "bars on" });
  #first = svg("text", { x: 2, y: 100, class: "from" });
  #last = svg("text", { x: 280, y: 100, class: "end" });
  #hours = el("p", { class: "s faint" });
  #full = el("h2", { class: "h" });
  #meter = el("div", { class: "meter", role: "img", "aria-label": "Disk" }, el("i", { class: "b" }), el("i"), el("i", { class: "c" }));
  #sentence = el("p", { class: "s mute" });
  #disk = el("section", { class: "disk", "aria-label": "Disk" }, this.#full, this.#meter, this.#sentence);
  node;

  constructor() {
    const word = (x, y, said) => svg("text", { x, y }, said);
    this.#clock.append(
      svg("circle", { class: "dz", cx: MIDDLE, cy: MIDDLE, r: 108 }),
      this.#wedges,
      this.#wedge,
      ...[word(130, 254, "00"), word(10, 134, "06"), word(130, 14, "12"), word(250, 134, "18")],
      this.#total,
      this.#unit,
    );
    this.#days.append(svg("path", { class: "ax", d: "M0 84.5H282" }), this.#bars, this.#bar, this.#first, this.#last);
    const table = tableButton("Visits by hour", () => this.#table());
    this.node = el(
      "aside",
      { class: "stack", "aria-label": "Activity and disk" },
      el(
        "section",
        {},
        el("div", { class: "between" }, el("h2", { class: "h" }, "When they come"), table),
        this.#hours,
        this.#clock,
      ),
      el("section", {}, el("h2", { class: "h" }, "By day"), this.#days),
      this.#disk,
    );
  }

  /** Shows the visits of `days` (see `tally`), of which `day` is looked at, at `hour`. */
  show(tally, days, day, hour, today) {
    this.#tally = tally;
    const short = (when) => new Date(beginOf(when)).toLocaleDateString("en-GB", { day: "numeric", month: "long" });
    const last = days.at(-1) === today ? "today" : short(days.at(-1));
    this.#range = `${short(days[0])} to ${last}`;
    text(this.#hours, `${this.#range}, midnight below`);
    text(this.#first, short(days[0]));
    text(this.#last, last);
    if (!tally) return;
    const most = Math.max(1, ...tally.byHour);
    const wedges = tally.byHour.map((n, i) => (n > 0 ? wedge(i, INNER + ((OUTER - INNER) * n) / most) : ""));
    attr(this.#wedge, "d", wedges[hour]);
    attr(this.#wedges, "d", wedges.toSpliced(hour, 1).join(""));
    text(this.#total, String(tally.total));
    text(this.#unit, tally.total === 1 ? "visit" : "visits");
    const peak = tally.byHour.indexOf(most);
    const when = peak >= 0 ? `, most between ${peak} and ${peak + 1} o'clock` : "";
    attr(this.#clock, "aria-label", `${words.count(tally.total, "visit")} from ${this.#range}${when}`);
    const counts = [...tally.byDay.values()];
    const bars = counts.map((n, i) => `M${9.5 + 20 * i} 84v-${((HIGH * n) / Math.max(1, ...counts)).toFixed(1)}`);
    attr(this.#bar, "d", bars[days.indexOf(day)]);
    attr(this.#bars, "d", bars.toSpliced(days.indexOf(day), 1).join(""));
    attr(this.#days, "aria-label", `Visits a day, ${this.#range}: ${counts.join(", ")}`);
  }

  #table() {
    const rows = this.#tally?.byHour.map((n, i) => [`${i} to ${i + 1} o'clock`, n]) ?? [];
    openTable(`Visits by hour, ${this.#range}`, ["Hour", "Visits"], rows);
  }

  /** Shows how the disk stands, as the server tells it. */
  disk({ bytes, disk, forecast, problem, state }) {
    const used = disk.total - disk.free;
    const parts = [bytes.clips, bytes.pictures + bytes.index, 0];
    parts[2] = Math.max(0, used - parts[0] - parts[1]);
    [...this.#meter.children].forEach(
      (part, i) => (part.style.width = `${disk.total ? (100 * parts[i]) / disk.total : 0}%`),
    );
    attr(this.#meter, "aria-label", `Disk ${disk.total ? Math.round((100 * used) / disk.total) : 0} percent full`);
    text(this.#full, problem ? problem.what : said.fullIn(forecast));
    attr(this.#disk, "data-wrong", state !== "ok");
    const rest = problem?.mend ?? forecast?.sentence ?? "How long it lasts is known after a day of recording.";
    text(this.#sentence, `${said.size(bytes.clips + bytes.pictures)} of visits, ${said.size(disk.free)} free. ${rest}`);
  }
}

const plot = (box) => svg("svg", { class: "plot", viewBox: box, role: "img" });

function wedge(hour, radius) {
  const at = (r, turn) => `${(MIDDLE - r * Math.sin(turn)).toFixed(1)} ${(MIDDLE + r * Math.cos(turn)).toFixed(1)}`;
  const [a, b] = [hour + 0.06, hour + 0.94].map((n) => (n / 12) * Math.PI);
  return `M${at(radius, a)}A${radius} ${radius} 0 0 1 ${at(radius, b)}L${at(INNER, b)}A${INNER} ${INNER} 0 0 0 ${at(INNER, a)}Z`;
}
