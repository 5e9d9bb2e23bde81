// The zones as they are being drawn: every step can be undone, nothing is kept before it is saved. Pure; draws nothing.

export const FEWEST = 3;
export const MOST = 64;
const DEEPEST = 100; // steps that can be undone
const clamp = (share) => Math.round(Math.min(1, Math.max(0, share)) * 1e4) / 1e4;
const copy = (zones) => zones.map((zone) => ({ ...zone, points: zone.points.map((point) => [...point]) }));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** A zone as the server takes it. */
const plain = ({ name, kind, points, sensitivity = 1 }) => ({ name, kind, points, sensitivity });

export class Draft extends EventTarget {
  #base = [];
  #steps = [];
  #key = null;
  #next = 1;
  /** Each with an `id` that lasts while it is edited. */
  zones = [];
  /** The id of the zone that is being worked on, or null. */
  selected = null;
  /** Which of its corners was chosen, by number, or null. */
  corner = null;

  /** Takes the server's zones, and forgets what was drawn; a zone that stays where it was stays selected. */
  load(zones) {
    const at = this.zones.findIndex(({ id }) => id === this.selected);
    this.#base = zones.map(plain);
    this.zones = copy(this.#base).map((zone, i) => ({ ...zone, id: this.zones[i]?.id ?? this.#next++ }));
    this.selected = this.zones[at]?.id ?? null;
    this.#steps = [];
    this.corner = this.#key = null;
    this.#tell();
  }

  /** The server took `sent` and holds `zones` now; what was drawn meanwhile is kept as not saved. */
  kept(sent, zones) {
    if (same(this.plain, sent)) return this.load(zones);
    this.#base = zones.map(plain);
    this.#tell();
  }

  get dirty() {
    return !same(this.plain, this.#base);
  }

  get undoable() {
    return this.#steps.length > 0;
  }

  /** The whole list as the server takes it. */
  get plain() {
    return this.zones.map(plain);
  }

  /** Whether the server holds other zones than those this draft began with. */
  overtaken(zones) {
    return !same(zones.map(plain), this.#base);
  }

  zone(id) {
    return this.zones.find((zone) => zone.id === id);
  }

  select(id, corner = null) {
    if (this.selected === id && this.corner === corner) return;
    this.selected = id;
    this.corner = corner;
    this.seal();
    this.#tell();
  }

  /** Ends what is one step to the user, such as a drag. */
  seal() {
    this.#key = null;
  }

  undo() {
    const step = this.#steps.pop();
    if (!step) return;
    this.zones = step.zones;
    this.selected = this.zone(step.selected) ? step.selected : null;
    this.corner = null;
    this.seal();
    this.#tell();
  }

  /** Back to what the server holds. */
  cancel() {
    this.load(this.#base);
  }

  moveCorner(id, i, x, y) {
    this.#change(`corner ${id} ${i}`, () => {
      this.zone(id).points[i] = [clamp(x), clamp(y)];
    });
  }

  /** Moves a whole zone as far as it stays within the picture. */
  moveZone(id, dx, dy) {
    const { points } = this.zone(id);
    const within = (d, axis) =>
      Math.max(-Math.min(...points.map((p) => p[axis])), Math.min(1 - Math.max(...points.map((p) => p[axis])), d));
    const [x, y] = [within(dx, 0), within(dy, 1)];
    this.#change(`zone ${id}`, () => {
      this.zone(id).points = points.map(([px, py]) => [clamp(px + x), clamp(py + y)]);
    });
  }

  /** Adds a corner behind corner `i`, halfway to the next unless a place is given. Returns its number, or -1 if there are too many. */
  addCorner(id, i, place) {
    const { points } = this.zone(id);
    if (points.length >= MOST) return -1;
    const [[ax, ay], [bx, by]] = [points[i], points[(i + 1) % points.length]];
    const [x, y] = place ?? [(ax + bx) / 2, (ay + by) / 2];
    this.seal();
    this.#change(null, () => this.zone(id).points.splice(i + 1, 0, [clamp(x), clamp(y)]));
    return i + 1;
  }

  /** Removes a corner unless too few would be left; returns whether it did. */
  removeCorner(id, i) {
    if (this.zone(id).points.length <= FEWEST) return false;
    this.seal();
    this.#change(null, () => this.zone(id).points.splice(i, 1));
    return true;
  }

  /** A new zone in the middle of the picture, selected. */
  addZone() {
    const names = new Set(this.zones.map(({ name }) => name));
    let n = this.zones.length + 1;
    while (names.has(`Zone ${n}`)) n += 1;
    const points = [
      [0.35, 0.35],
      [0.65, 0.35],
      [0.65, 0.65],
      [0.35, 0.65],
    ];
    const id = this.#next++;
    this.seal();
    this.#change(null, () => {
      this.zones.push({ id, name: `Zone ${n}`, kind: "exclude", points, sensitivity: 1 });
      this.selected = id;
    });
    return id;
  }

  removeZone(id) {
    this.seal();
    this.#change(null, () => {
      this.zones = this.zones.filter((zone) => zone.id !== id);
      if (this.selected === id) this.selected = null;
    });
  }

  /** Sets `name`, `kind` or `sensitivity`. */
  set(id, key, value) {
    if (this.zone(id)[key] === value) return;
    this.#change(`${key} ${id}`, () => {
      this.zone(id)[key] = value;
    });
  }

  /** One step; steps of the same key in a row are one to the user. */
  #change(key, deed) {
    if (key === null || key !== this.#key) {
      this.#steps.push({ zones: copy(this.zones), selected: this.selected });
      if (this.#steps.length > DEEPEST) this.#steps.shift();
    }
    this.#key = key;
    if (key === null) this.corner = null; // the corners are others now
    this.zones = copy(this.zones);
    deed();
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Whether zones like these would hold back what stands in `box` (shares): the server's own rule, asked at 5 × 5 places. */
export function holdsBack(zones, [x, y, w, h]) {
  if (zones.length === 0) return false;
  const watched = zones.filter(({ kind }) => kind === "include");
  const closed = zones.filter(({ kind }) => kind !== "include");
  let counted = 0;
  for (let row = 0; row < 5; row += 1)
    for (let column = 0; column < 5; column += 1) {
      const place = [x + (w * (column + 0.5)) / 5, y + (h * (row + 0.5)) / 5];
      const wanted = watched.length === 0 || watched.some(({ points }) => inside(points, place));
      if (wanted && !closed.some(({ points }) => inside(points, place))) counted += 1;
    }
  return counted / 25 < 0.5;
}

/** Whether a place lies in a polygon, by the even-odd rule. */
export function inside(points, [x, y]) {
  let odd = false;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}
