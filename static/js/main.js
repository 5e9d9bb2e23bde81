// Starts the page of a camera server: one socket, one model of the cameras, and one tick a second for whatever counts.

import { getJson, liveUrl } from "./api.js";
import { Cameras } from "./cameras.js";
import { Connection } from "./connection.js";
import { text } from "./dom.js";
import { dressed, Frame } from "./frame.js";
import { Herald } from "./heard.js";
import { LivePlace } from "./live/place.js";
import { showToast } from "./notice.js";
import { LiveSocket } from "./socket.js";
import { showSummary } from "./summary.js";

const HIDDEN_STOP_MS = 60_000;
const REFUSED_GAP_MS = 30_000;

/** A module per place, and the stylesheet that it shows nothing without, loaded when it is first entered. */
const PLACES = {
  live: async () => LivePlace,
  camera: async () => (await import("./single/place.js")).SinglePlace,
  tune: async () => (await dressed(import("./tune/place.js"), "tune.css")).TunePlace,
  timeline: async () => (await dressed(import("./timeline/place.js"), "timeline.css")).TimelinePlace,
  event: async () => (await dressed(import("./event/place.js"), "event.css")).EventPlace,
  uploads: async () => (await dressed(import("./uploads/place.js"), "uploads.css")).UploadsPlace,
};

const cameras = new Cameras();
const herald = new Herald(cameras);
const socket = new LiveSocket(liveUrl(), {
  text: heard,
  frame: (picture) => frame.place?.frame?.(picture),
  up: () => connection.up(),
  down: (everOpened, close) => connection.down(everOpened, close),
});
const connection = new Connection(socket, () => getJson("api/v1/cameras"), {
  silent: (yes) => frame.place?.silent?.(yes),
  summary,
});
const frame = new Frame(
  PLACES,
  (Place, router) => new Place(cameras, socket, router),
  () => cameras.all.length > 0,
);
frame.entered = (place) => place.silent?.(connection.silent);

let hiddenEnd = 0;
let refusedAt = -Infinity;

function heard(message) {
  if (message.type === "hello") connection.hello(message.version);
  if (message.type === "error") refused(message);
  else cameras.hear(message);
}

/** What the server will not do over the socket: said in the tile it is about, else in passing. */
function refused(message) {
  const { detail } = message;
  if (frame.place?.refused?.(message)) return;
  if (typeof detail !== "string" || performance.now() - refusedAt < REFUSED_GAP_MS) return;
  refusedAt = performance.now();
  showToast(detail);
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
  if (cameras.all.length > 0) frame.place?.tick?.();
  connection.tick();
}

function lookedAt() {
  clearTimeout(hiddenEnd);
  if (document.hidden) {
    hiddenEnd = setTimeout(() => socket.stop(), HIDDEN_STOP_MS);
    return;
  }
  if (!socket.running) socket.waitingSince = performance.now();
  socket.hurry();
  if (socket.open) cameras.refetchAll();
}

cameras.addEventListener("list", () => frame.refresh());
cameras.addEventListener("camera", ({ detail }) => frame.place?.changed?.(detail));
cameras.addEventListener("motion", ({ detail }) => frame.place?.moved?.(detail));
cameras.addEventListener("activity", ({ detail }) => frame.place?.learnt?.(detail));
for (const type of ["list", "camera"]) cameras.addEventListener(type, summary);
frame.start();
document.addEventListener("visibilitychange", lookedAt);
addEventListener("online", () => socket.hurry());
socket.start();
setInterval(tick, 1000);
