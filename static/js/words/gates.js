// The gates that a mover meets, in words and units. What the server names and this page does not know is shown as it came.

// a figure stays on one line with its unit
const share = (v) => `${Math.round(v * 100)}\u00a0%`;
const plain = (v) => `${Number(v.toFixed(v < 10 ? 1 : 0))}`;
const px = (v) => `${plain(v)}\u00a0px`;
const whole = (v) => `${Math.round(v)}`;
const fine = (v) => v.toFixed(2);

const area = (v) => `${plain(v)}\u00a0px²`;
const seconds = (v) => `${plain(v)}\u00a0s`;
const brightness = (v) => share(Math.expm1(v)); // the logarithm of a ratio

/** name → [what it asks, unit]; pixels are those of the analysed picture, at most 320 wide. */
const GATES = {
  zone: ["Inside the watched part", share],
  settled: ["Background known for", seconds],
  coverage: ["Picture changed at once", share],
  contrast: ["Stands out", brightness],
  texture: ["Ground shines through", share],
  rim: ["Sharp edge", share],
  sightings: ["Times seen", whole],
  seen: ["Seen without gaps", share],
  area: ["Size", area],
  weather: ["Larger than drops or flakes", area],
  sharp: ["Sharp enough for its speed", share],
  entered: ["Came in over the edge", px],
  darting: ["Own lengths a second", plain],
  travel: ["Travelled", px],
  flow: ["Pixels came along", share],
  "flow votes": ["Times they were asked", whole],
  "flow misfit": ["Pixels that differ", share],
  "flow steady": ["Same direction", share],
  "flow along": ["Along its own way", fine],
  "flow pace least": ["Not slower than its pixels", fine],
  "flow pace most": ["Not faster than its pixels", fine],
};

/** A gate as `{ name, value, limit }` in words: "Travelled", "14 px", "at least 6 px". */
export function gateWords(gate) {
  const [name, unit] = GATES[gate.name] ?? [gate.name[0].toUpperCase() + gate.name.slice(1), plain];
  return { name, value: unit(gate.value), limit: `${gate.at_least ? "at least" : "at most"} ${unit(gate.limit)}` };
}

/** Where value and limit stand on a bar, as shares of its length. */
export function gateBar({ value, limit }) {
  const most = Math.max(Math.abs(value), Math.abs(limit), 1e-9) * 1.25;
  const at = (v) => Math.min(1, Math.max(0, v / most));
  return { value: at(value), limit: at(limit) };
}
