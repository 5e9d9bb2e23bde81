// Zones drawn on a picture: watched (amber wash), ignored (white dashed hatch), masked (black). Draws; the editor does the rest.

import { attr, keyed, svg, text } from "../dom.js";
import * as words from "../words/zones.js";

const NAME_BELOW = 16; // pixels

/** The middle of a polygon's area, in the units of its points; of a polygon without area, the mean of its corners. */
export function centre(points) {
  let [area, x, y] = [0, 0, 0];
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  });
  if (Math.abs(area) < 1e-6) {
    const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
    return [mean(0), mean(1)];
  }
  return [x / (3 * area), y / (3 * area)];
}

export class ZoneLayer {
  #zones = [];
  #at = null;
  #polygons = svg("g");
  #names = svg("g");
  node = svg("svg", { class: "zones", role: "img", "aria-label": "Zones", hidden: "" }, this.#polygons, this.#names);

  /** The frame's size and where the picture lies in it, CSS pixels. */
  place(frame, at) {
    attr(this.node, "viewBox", `0 0 ${frame.w} ${frame.h}`);
    this.#at = at;
    this.#draw();
  }

  /** Shows these zones (points in shares). */
  show(zones) {
    this.#zones = zones;
    this.#draw();
  }

  #draw() {
    if (!this.#at) return;
    const { x, y, w, h } = this.#at;
    const drawn = this.#zones.map((zone, i) => ({
      i,
      zone,
      points: zone.points.map(([px, py]) => [x + px * w, y + py * h]),
    }));
    attr(this.node, "aria-label", words.summary(this.#zones));
    keyed(
      this.#polygons,
      drawn,
      ({ i }) => i,
      () => svg("polygon"),
      drawPolygon,
    );
    keyed(
      this.#names,
      drawn,
      ({ i }) => i,
      () => svg("text", { class: "zt" }),
      drawName,
    );
  }
}

/** Draws one zone's polygon; `points` in pixels. */
export function drawPolygon(node, { zone, points }) {
  attr(node, "class", `zone ${zone.kind}`);
  attr(node, "fill", zone.kind === "exclude" ? "url(#hatch)" : null);
  attr(node, "points", points.join(" "));
}

/** Under the upper edge, since what moves is more often in the middle. */
function drawName(node, { zone, points }) {
  const [x] = centre(points);
  const y = Math.min(...points.map((point) => point[1])) + NAME_BELOW;
  attr(node, "x", x.toFixed(1));
  attr(node, "y", y.toFixed(1));
  text(node, words.title(zone));
}
