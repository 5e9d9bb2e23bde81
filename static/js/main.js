// Starts the page: one socket, one model of the cameras, the place that the address names, and one tick a second for whatever counts.

import { getJson, liveUrl, url } from "./api.js";
import { Cameras } from "./cameras.js";
import { Connection } from "./connection.js";
import { attr, el, text } from "./dom.js";
import { Herald } from "./heard.js";
import { startKeys } from "./live/keys.js";
import { LivePlace } from "./live/place.js";
import { showToast } from "./notice.js";
import { onPref } from "./prefs.js";
import { addressOf, Router } from "./router.js";
import { LiveSocket } from "./socket.js";
import { showSummary } from "./summary.js";
import { startTheme } from "./theme.js";

const HIDDEN_STOP_MS = 60_000;
const REFUSED_GAP_MS = 30_000;

/** A module per place, and the stylesheet that it shows nothing without, loaded when it is first entered. */
const PLACES = {
  live: async () => LivePlace,
  camera: async () => (await import("./single/place.js")).SinglePlace,
  tune: async () => (await dressed(import("./tune/place.js"), "tune.css")).TunePlace,
  timeline: async () => (await dressed(import("./timeline/place.js"), "timeline.css")).TimelinePlace,
  event: async () => (await dressed(import("./event/place.js"), "event.css")).EventPlace,
};

/** Views that belong to another place of the bar. */
const WITHIN = { camera: "live", event: "timeline" };

const root = document.getElementById("place");
const cameras = new Cameras();
const herald = new Herald(cameras);
const socket = new LiveSocket(liveUrl(), {
  text: heard,
  frame: (frame) => place?.frame?.(frame),
  up: () => connection.up(),
  down: (everOpened, close) => connection.down(everOpened, close),
});
const connection = new Connection(socket, () => getJson("api/v1/cameras"), {
  silent: (yes) => place?.silent?.(yes),
  summary,
});
const router = new Router(
  (view) => void show(view),
  () => place?.mayLeave?.() ?? true,
);

const made = new Map();
let place = null;
let view = null;
let hiddenEnd = 0;
let refusedAt = -Infinity;

/** A module once the stylesheet is there, too; one that did not come is asked for again the next time. */
async function dressed(module, sheet) {
  const link = el("link", { rel: "stylesheet", href: url(sheet).href });
  const come = new Promise((done, failed) => {
    link.addEventListener("load", done);
    link.addEventListener("error", failed);
  });
  document.head.append(link);
  try {
    return (await Promise.all([module, come]))[0];
  } catch (no) {
    link.remove();
    throw no;
  }
}

function heard(message) {
  if (message.type === "hello") connection.hello(message.version);
  if (message.type === "error") refused(message);
  else cameras.hear(message);
}

/** What the server will not do over the socket: said in the tile it is about, else in passing. */
function refused(message) {
  const { detail } = message;
  if (place?.refused?.(message)) return;
  if (typeof detail !== "string" || performance.now() - refusedAt < REFUSED_GAP_MS) return;
  refusedAt = performance.now();
  showToast(detail);
}

/** Shows a view; one that needs a module of its own appears once that is there. */
async function show(wanted) {
  view = wanted;
  let next;
  try {
    if (!made.has(wanted.place)) made.set(wanted.place, new (await PLACES[wanted.place]())(cameras, socket, router));
    next = made.get(wanted.place);
  } catch {
    showToast("This view did not load. Try again in a moment.");
    return;
  }
  if (view !== wanted) return; // another was asked for meanwhile
  const moved = place !== null && !(place === next && next.stays);
  if (place !== next) place?.leave();
  place = next;
  mark(wanted.place);
  if (cameras.all.length > 0) present(moved);
}

/**
 * Puts the place on the page, for what the address names. A place that `stays` is entered anew without losing the focus; one that
 * is come back to may have kept where it was scrolled to and what had the focus (`top`, `held`).
 */
function present(moved) {
  place.enter(view.at, view.query);
  place.silent?.(connection.silent);
  place.visible?.(!document.hidden);
  document.title = `${place.title} · Nightjar`;
  const heading = document.querySelector("main > h1");
  heading.hidden = place.heading === null; // a view of one camera has its own
  text(heading, place.heading ?? "");
  if (!root.contains(place.node)) root.replaceChildren(place.node);
  place.resized?.();
  if (!moved) return;
  scrollTo(0, place.top ?? 0);
  (place.held ?? document.getElementById("main")).focus({ preventScroll: true });
}

/** Where the bar's links lead, and which of them is here. Written out, since a relative one would follow the address bar. */
function mark(name) {
  for (const link of document.querySelectorAll(".brand, .places a")) {
    const { place: to = "live" } = link.dataset;
    link.href = addressOf(to, to === "tune" && (name === "camera" || name === "tune") ? view.at : null);
  }
  for (const link of document.querySelectorAll(".places a"))
    attr(link, "aria-current", link.dataset.place === (WITHIN[name] ?? name) ? "page" : null);
  attr(document.body, "data-place", name);
}

function summary() {
  const trouble = connection.trouble;
  if (cameras.all.length > 0 || trouble) showSummary(cameras.all, trouble);
  const waiting = document.querySelector(".waits .voice"); // there until the first camera is known
  if (waiting) text(waiting, connection.refusal === null ? "Waiting for Nightjar" : "Nightjar asks for a key");
}

function tick() {
  if (document.hidden) return;
  socket.tick();
  cameras.tick(socket.clock.now());
  herald.tick();
  if (cameras.all.length > 0) place?.tick?.();
  connection.tick();
}

function lookedAt() {
  clearTimeout(hiddenEnd);
  place?.visible?.(!document.hidden);
  if (document.hidden) {
    hiddenEnd = setTimeout(() => socket.stop(), HIDDEN_STOP_MS);
    return;
  }
  if (!socket.running) socket.waitingSince = performance.now();
  socket.hurry();
  if (socket.open) cameras.refetchAll();
}

cameras.addEventListener("list", () => {
  if (place && !root.contains(place.node)) present(false);
  else place?.listed?.();
});
cameras.addEventListener("camera", ({ detail }) => place?.changed?.(detail));
cameras.addEventListener("motion", ({ detail }) => place?.moved?.(detail));
cameras.addEventListener("activity", ({ detail }) => place?.learnt?.(detail));
for (const type of ["list", "camera"]) cameras.addEventListener(type, summary);
onPref((name) => place?.preferences?.(name));
document.addEventListener("fullscreenchange", () => place?.resized?.());
document.addEventListener("visibilitychange", lookedAt);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("online", () => socket.hurry());
startTheme(document.getElementById("theme"));
startKeys(() => place?.keys);
router.start();
socket.start();
setInterval(tick, 1000);
