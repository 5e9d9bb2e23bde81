// What Nightjar tells in passing: one toast at a time, the banner of a lost connection, and the polite live region.

import { el, rich, text } from "./dom.js";

const TOAST_MS = 8_000;
const MINUTE_MS = 60_000;
const A_MINUTE = 6; // messages to a screen reader
const FOR_MOTION = 4; // of them; the rest is kept for cameras that are lost and back
const MOTION_GAP_MS = 10_000;

const said = [];
const lastMotion = new Map();
let toast = null;
let toastEnd = 0;

function say(words) {
  said.push(performance.now());
  document.getElementById("say").textContent = words;
}

function spoken() {
  const floor = performance.now() - MINUTE_MS;
  while (said.length > 0 && said[0] < floor) said.shift();
  return said.length;
}

/** Tells a screen reader that a camera was lost or came back, or that the connection did. */
export function sayState(words) {
  if (spoken() < A_MINUTE) say(words);
}

/** Tells that something moves; at most every 10 s for one camera, and never so often that nothing else is heard. */
export function sayMotion(camera, words) {
  const now = performance.now();
  if (now - (lastMotion.get(camera) ?? -Infinity) < MOTION_GAP_MS || spoken() >= FOR_MOTION) return;
  lastMotion.set(camera, now);
  say(words);
}

/**
 * Shows one toast, instead of the one before; an error carries its request id behind "Details". `action` is one thing to do about
 * it, as `{ word, run }`. Returns what takes the toast away, if it is still there.
 */
export function showToast(words, requestId = "", action = null) {
  closeToast();
  const said = el("p");
  rich(said, words);
  const close = el("button", { class: "btn quiet", on: { click: closeToast } }, "Close");
  const act = () => (closeToast(), action.run());
  const details = requestId && el("details", {}, el("summary", {}, "Details"), `Request ${requestId}`);
  toast = el(
    "div",
    { class: "toast", role: "status", "data-toast": true },
    el("div", {}, said, details || null),
    action && el("button", { class: "btn", on: { click: act } }, action.word),
    close,
  );
  const mine = toast;
  document.getElementById("float").append(toast);
  toastEnd = setTimeout(() => {
    if (!toast?.matches(":hover, :focus-within")) closeToast();
  }, TOAST_MS);
  return () => toast === mine && closeToast();
}

function closeToast() {
  clearTimeout(toastEnd);
  toast?.remove();
  toast = null;
}

/** Offers once to load the page again; nothing happens unless it is taken. */
export function showOffer(words) {
  if (document.getElementById("offer")) return;
  const node = el("div", { class: "toast", id: "offer", role: "status" }, el("p", {}, words));
  node.append(
    el("button", { class: "btn", on: { click: () => location.reload() } }, "Load the new page"),
    el("button", { class: "btn quiet", on: { click: () => node.remove() } }, "Later"),
  );
  document.getElementById("float").append(node);
}

/** Shows or hides the word about the connection; `reload` offers to load the page again, where waiting does not help. */
export function showWord(words, reload = false) {
  const node = document.getElementById("word");
  node.hidden = words === null;
  if (words === null) return;
  if (!node.firstChild) {
    const again = el("button", { class: "btn", on: { click: () => location.reload() } }, "Load again");
    node.append(el("span", { class: "dot bad", "aria-hidden": "true" }), el("p"), again);
  }
  const [, said, again] = node.children;
  text(said, words);
  again.hidden = !reload;
}
