// What is said of zones.

/** The kinds, as the server names them, with their word and what they do. */
export const KINDS = {
  include: {
    word: "watched",
    choice: "Watched",
    does: "What moves here counts. With one such zone, nothing counts elsewhere.",
  },
  exclude: { word: "ignored", choice: "Ignored", does: "What moves here does not count." },
  mask: { word: "masked", choice: "Masked", does: "Black in the live picture, in every stream and on the disk." },
};

/** "watched" for a kind; a kind this page does not know is said as it is. */
export const kindWord = (kind) => KINDS[kind]?.word ?? kind;

/** "Birch, ignored". */
export const title = (zone) => `${zone.name || "Zone"}, ${kindWord(zone.kind)}`;

/** All zones in a sentence, for those who do not see them. */
export const summary = (zones) => (zones.length === 0 ? "No zones" : `Zones: ${zones.map(title).join("; ")}`);

/** What a zone comes to, at the end of its row in a list. */
export function effect(zone) {
  if (zone.kind === "mask") return "never recorded";
  if (zone.kind === "exclude") return "nothing counts";
  const { sensitivity = 1 } = zone;
  if (sensitivity === 1) return "as set";
  return sensitivity > 1 ? `${times(sensitivity)} more sensitive` : `${times(1 / sensitivity)} less sensitive`;
}

const times = (factor) => `${Number(factor.toFixed(1))}×`;

/** What no zone means. */
export const NONE = "No zones: the whole picture is watched.";

/** "Corner 3 of 5, 42 % from the left, 60 % from the top". */
export const corner = (zone, i) => {
  const [x, y] = zone.points[i];
  return `${zone.name || "Zone"}, ${place(zone, i)}, ${percent(x)} from the left, ${percent(y)} from the top`;
};
/** "corner 3 of 5". */
export const place = (zone, i) => `corner ${i + 1} of ${zone.points.length}`;
const percent = (share) => `${Math.round(share * 100)} %`;

/** How many corners there are; how to work at them stands below the picture. */
export const corners = (zone) => `${zone.points.length} on the picture.`;

/** How to work at what is drawn, with what is at hand: at the `zone` that is selected, if one is, and its corner `i` or null. */
export function hint(zones, zone, i) {
  if (zones.length === 0) return "";
  const touch = matchMedia("(pointer: coarse)").matches;
  if (touch && i !== null) return `Chosen: ${place(zone, i)}${zone.points.length > 3 ? "" : ", the fewest"}.`;
  const how = touch
    ? "A corner that was touched can be removed."
    : "Arrow keys move it by 1 %, with Shift by 5 %; Del removes it, + adds one.";
  const shape = zone ? `Drag a corner to move it, a side to add one. ${how}` : "Choose a zone to change its shape.";
  return `${shape} Boxes drawn faintly would no longer count.`;
}

/** What is not saved yet. */
export const unsaved = (dirty) => (dirty ? "Not saved yet. The camera still works with the zones as they were." : "");

/** After a save. */
export const SAVED = "The zones are saved and hold from now on.";

/** Somebody else changed the zones while they are being drawn here. */
export const OVERTAKEN =
  "The zones were changed elsewhere meanwhile. Saving puts yours in their place; cancelling takes theirs.";
