// Starts the page of a hub: no live pictures and no socket; the devices are asked for, and news of events come as they do elsewhere.

import { dressed, Frame } from "../frame.js";
import { showWord } from "../notice.js";
import { addressOf } from "../router.js";
import { showSummary } from "../summary.js";
import * as words from "../words.js";
import { Devices } from "./devices.js";

const WORD_AFTER_MS = 12_000; // an answer that is later than that is missed

/** A module per place, and the stylesheets that it shows nothing without, loaded when it is first entered. */
const PLACES = {
  live: async () => (await dressed(import("./place.js"), "hub.css")).HubPlace,
  disk: async () => (await dressed(import("./disk.js"), "hub.css")).DiskPlace,
  timeline: async () => (await dressed(import("../timeline/place.js"), "timeline.css")).TimelinePlace,
  event: async () => (await dressed(import("../event/place.js"), "event.css")).EventPlace,
};

const devices = new Devices();
const frame = new Frame(
  PLACES,
  (Place, router) => new Place(devices, devices, router),
  () => devices.hub !== null,
);
const began = performance.now();

function word() {
  const { error, heardAt } = devices;
  const refused = error?.status === 401 || error?.status === 403;
  const waited = performance.now() - (heardAt ?? began);
  const silent = error !== null && (refused || waited > WORD_AFTER_MS);
  showWord(silent ? (refused ? error.message : words.noWord(waited, heardAt !== null)) : null, refused);
  const trouble = silent ? words.unheard(refused) : null;
  if (devices.hub || trouble) showSummary(devices.all, trouble, () => addressOf("live"));
}

devices.addEventListener("list", () => frame.refresh());
devices.addEventListener("word", word);
document.addEventListener("visibilitychange", () => !document.hidden && devices.tick(true));
frame.start();
devices.tick();
setInterval(() => {
  if (document.hidden) return;
  devices.tick();
  if (devices.error) word();
  if (devices.hub) frame.place?.tick?.();
}, 1000);
