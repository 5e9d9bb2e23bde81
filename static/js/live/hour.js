// The last hour of a camera as barring: mirrored strokes for seconds of motion, low ticks for near misses, the accent for now.
// Not everybody sees strokes: the same stands in words beside it and as a table on request.

import { attr, el, svg, text } from "../dom.js";
import * as words from "../words.js";
import { openTable } from "./peek.js";

const HOUR_MS = 3_600_000;
const WIDE = 1440;
const MIDDLE = 23;
const REACH = 17; // half the longest stroke
const LEAST = 5; // half the shortest: one short visit in an hour must be seen
const LABELS = 5;

export class Hour {
  #camera = null;
  #now = 0;
  #q = svg("path", { class: "q" });
  #t = svg("path", { class: "t" });
  #hot = svg("path", { class: "hot" });
  #bar = svg(
    "svg",
    { class: "bar", viewBox: `0 0 ${WIDE} 46`, preserveAspectRatio: "none", role: "img" },
    this.#q,
    this.#t,
    this.#hot,
  );
  #whose = el("span", { class: "whose" });
  #sum = el("span", { class: "s faint end-anchored" });
  #axis = el("div", { class: "axis", "aria-hidden": "true" });
  node;

  constructor() {
    for (let i = 0; i < LABELS; i += 1) this.#axis.append(el("span"));
    const table = el(
      "button",
      {
        class: "s mute link",
        "aria-haspopup": "dialog",
        "aria-label": "The last hour as a table",
        on: { click: () => this.#table() },
      },
      "Table",
    );
    this.node = el(
      "section",
      { "aria-label": "The last hour" },
      el(
        "div",
        { class: "between hourhead" },
        el("h2", { class: "h" }, "The last hour", this.#whose),
        this.#sum,
        table,
      ),
      el("div", { class: "hour" }, this.#bar, el("span", { class: "now", "aria-hidden": "true" })),
      this.#axis,
    );
  }

  /** Draws the hour of `camera` that ends at `now` (server's clock); `named` where it is one of several, `silent` where nothing is of now. */
  show(camera, now, named, silent) {
    this.#camera = camera;
    text(this.#whose, named ? ` in ${camera.name}` : "");
    this.#now = now;
    for (let i = 0; i < LABELS; i += 1) {
      const back = HOUR_MS * (1 - i / (LABELS - 1));
      text(this.#axis.children[i], back === 0 && !silent ? "now" : words.time(now - back));
    }
    const activity = camera?.activity;
    const paths = activity ? strokes(activity, now, camera.moving, silent) : { t: "", q: "", hot: "" };
    attr(this.#t, "d", paths.t);
    attr(this.#q, "d", paths.q);
    attr(this.#hot, "d", paths.hot);
    const sum = activity ? words.hourSum(camera.hour(now)) : "";
    text(this.#sum, sum);
    attr(
      this.#bar,
      "aria-label",
      activity ? `The last hour of ${camera.name}: ${sum}` : "The last hour is being asked for",
    );
  }

  #table() {
    const bins = (this.#camera?.activity?.bins ?? []).filter((bin) => bin.motion_s > 0 || bin.near_misses > 0);
    openTable(
      `The last hour${this.#camera ? ` in ${this.#camera.name}` : ""}`,
      ["From", "Moved for", "Near misses"],
      bins
        .reverse()
        .map((bin) => [
          words.time(bin.start),
          bin.motion_s > 0 ? words.length(bin.motion_s) : "",
          bin.near_misses || "",
        ]),
      "Nothing has moved in the last hour.",
    );
  }
}

/** The three paths of the barring of an `activity`, in a box of 1440 × 46. */
export function strokes({ bins, bin_s: binSeconds, visits }, now, moving, silent = false) {
  const open = silent ? undefined : visits.find((visit) => !visit.end);
  const hotFrom = open ? Date.parse(open.start) - binSeconds * 1000 : moving ? now - binSeconds * 2000 : Infinity;
  const paths = { t: "", q: "", hot: "" };
  for (const { start, motion_s: moved, near_misses: misses } of bins) {
    const from = Date.parse(start);
    const middle = WIDE * (1 - (now - from - binSeconds * 500) / HOUR_MS);
    if (middle < 0) continue;
    const x = Math.min(WIDE - 2, middle).toFixed(1);
    if (misses > 0) paths.q += `M${x} 43v-${Math.min(8, 2 + misses)}`;
    if (!(moved > 0)) continue;
    const half = LEAST + (REACH - LEAST) * Math.min(1, moved / binSeconds);
    paths[from >= hotFrom ? "hot" : "t"] += `M${x} ${(MIDDLE - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
  }
  return paths;
}
