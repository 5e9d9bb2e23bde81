// Starts the page: one socket, one model of the cameras, the Live place, and one tick a second for whatever counts.

import { getJson, liveUrl } from "./api.js";
import { Cameras } from "./cameras.js";
import { text } from "./dom.js";
import { LivePlace } from "./live/place.js";
import { sayState, showToast, showWord } from "./notice.js";
import { LiveSocket } from "./socket.js";
import { showSummary } from "./summary.js";
import { startTheme } from "./theme.js";
import * as words from "./words.js";

const HIDDEN_STOP_MS = 60_000;
const WORD_AFTER_MS = 3_000; // a reconnection that takes less is not worth a word

const REFUSED_GAP_MS = 30_000;
const SILENT_MS = 8_000; // open, but even the clock's question is not answered

const cameras = new Cameras();
const socket = new LiveSocket(liveUrl(), {
  text: heard,
  frame: (frame) => place.frame(frame),
  up: connected,
  down: disconnected,
});
const place = new LivePlace(document.getElementById("place"), cameras, socket);

let refusal = null;
let announced = false;
let hiddenEnd = 0;
let refusedAt = -Infinity;

function heard(message) {
  if (message.type === "error") refused(message);
  else cameras.hear(message);
}

/** What the server will not do over the socket: said in the tile it is about, else in passing. */
function refused(message) {
  const { detail } = message;
  if (place.refused(message)) return;
  if (typeof detail !== "string" || performance.now() - refusedAt < REFUSED_GAP_MS) return;
  refusedAt = performance.now();
  showToast(detail);
}

function connected() {
  refusal = null;
  showWord(null);
  place.silent(false);
  if (announced) sayState("Nightjar is back.");
  announced = false;
  summary();
}

/** A refused WebSocket tells no reason to a page, so the reason is asked for over HTTP. */
async function disconnected(everOpened) {
  if (everOpened) return;
  try {
    await getJson("api/v1/cameras");
    refusal = null;
  } catch (error) {
    refusal = error.status === 401 || error.status === 403 ? error.message : null;
    summary();
  }
}

function summary() {
  const trouble = announced ? words.unheard(refusal !== null) : null;
  if (cameras.all.length > 0 || trouble) showSummary(cameras.all, trouble);
  const waiting = document.querySelector(".waits .voice"); // there until the first camera is known
  if (waiting) text(waiting, refusal === null ? "Waiting for Nightjar" : "Nightjar asks for a key");
}

function word() {
  const waited = performance.now() - (socket.open ? socket.lastWord : socket.waitingSince);
  if (waited < (socket.open ? SILENT_MS : WORD_AFTER_MS) && (socket.open || refusal === null)) {
    if (socket.open && announced) connected();
    return;
  }
  showWord(refusal ?? words.noWord(waited, socket.lastWord !== null), refusal !== null);
  if (!announced) sayState(refusal ?? "The connection to Nightjar is lost. Trying again.");
  announced = true;
  place.silent(true);
  summary();
}

function tick() {
  if (document.hidden) return;
  socket.tick();
  cameras.tick(socket.clock.now());
  place.tick();
  word();
}

function lookedAt() {
  clearTimeout(hiddenEnd);
  place.visible(!document.hidden);
  if (document.hidden) {
    hiddenEnd = setTimeout(() => socket.stop(), HIDDEN_STOP_MS);
    return;
  }
  if (!socket.running) socket.waitingSince = performance.now();
  socket.hurry();
  if (socket.open) cameras.refetchAll();
}

for (const type of ["list", "camera"]) cameras.addEventListener(type, summary);
document.addEventListener("visibilitychange", lookedAt);
addEventListener("online", () => socket.hurry());
startTheme(document.getElementById("theme"));
socket.start();
setInterval(tick, 1000);
