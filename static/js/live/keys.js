// Single keys of the places with live pictures, and the dialog that lists them and turns them off.

import { attr, el } from "../dom.js";
import { prefs, setPref } from "../prefs.js";
import { openDialog } from "./peek.js";

const DEEDS = {
  b: { word: "Boxes", run: () => setPref("boxes", !prefs.boxes) },
  t: { word: "Trail", run: () => setPref("trail", !prefs.trail) },
  z: { word: "Zones", run: () => setPref("zones", !prefs.zones) },
};

/** Listens for single keys, except where text or a value is being entered, a dialog is open, or they are turned off. */
export function startKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]"))
      return;
    if (event.target.closest?.("input:not([type=range]), textarea, select, [contenteditable]")) return;
    if (event.key === "?") return showKeys();
    if (prefs.keys) DEEDS[event.key.toLowerCase()]?.run();
  });
}

/** The list of keys, with the switch that turns the single ones off. */
export function showKeys() {
  const rows = Object.entries(DEEDS).map(([key, { word }]) =>
    el("tr", {}, el("th", { scope: "row" }, word), el("td", {}, el("kbd", {}, key.toUpperCase()))),
  );
  rows.push(el("tr", {}, el("th", { scope: "row" }, "These keys"), el("td", {}, el("kbd", {}, "?"))));
  const toggle = el(
    "button",
    {
      type: "button",
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
