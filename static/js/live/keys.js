// Single keys, and the dialog that lists them and turns them off. A place has keys of its own, or those of the live pictures.

import { attr, el } from "../dom.js";
import { prefs, setPref } from "../prefs.js";
import { openDialog } from "./peek.js";

const DEEDS = {
  b: { word: "Boxes", run: () => setPref("boxes", !prefs.boxes) },
  t: { word: "Trail", run: () => setPref("trail", !prefs.trail) },
  z: { word: "Zones", run: () => setPref("zones", !prefs.zones) },
};

const SHOWN = { " ": "Space", escape: "Esc" };
let deeds = () => DEEDS;

/**
 * Listens for single keys, except where text or a value is being entered, a dialog is open, or they are turned off. `own()` answers
 * the keys of the place that is shown, as `{ k: { word, run, repeat } }`, if it has any; `repeat`: also while it is held.
 */
export function startKeys(own) {
  deeds = () => own() ?? DEEDS;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (
      event.defaultPrevented ||
      event.target.closest?.("input:not([type=range]), textarea, select, [contenteditable]")
    )
      return;
    if (event.key === "?") return showKeys();
    if (event.key === " " && event.target.closest?.("a, button, summary, input")) return;
    const deed = prefs.keys && deeds()[event.key.toLowerCase()];
    if (!deed || (event.repeat && !deed.repeat)) return;
    event.preventDefault();
    deed.run();
  });
}

/** The list of keys, with the switch that turns the single ones off. */
export function showKeys() {
  const rows = Object.entries(deeds()).map(([key, { word }]) =>
    el("tr", {}, el("th", { scope: "row" }, word), el("td", {}, el("kbd", {}, SHOWN[key] ?? key.toUpperCase()))),
  );
  rows.push(el("tr", {}, el("th", { scope: "row" }, "These keys"), el("td", {}, el("kbd", {}, "?"))));
  const toggle = el(
    "button",
    {
      class: "switch",
      role: "switch",
      "aria-checked": String(prefs.keys),
      on: {
        click: () => {
          setPref("keys", !prefs.keys);
          attr(toggle, "aria-checked", String(prefs.keys));
        },
      },
    },
    el("i", { "aria-hidden": "true" }),
    "Single keys",
  );
  openDialog("Keys", el("table", { class: "facts" }, el("tbody", {}, rows)), toggle);
}
