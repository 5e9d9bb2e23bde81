// What is said on a hub of its cameras and their devices.

import { size } from "../events/words.js";
import * as words from "../words.js";

const CLOCK_MS = 2_000; // so little off is not worth a word
const DAY_S = 86_400;

const cap = (text) => text[0].toUpperCase() + text.slice(1);
const names = (all) => (all.length < 2 ? all.join() : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);

/** "40 s", "3 min", "2 h", "5 days". */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 2 * DAY_S ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / DAY_S)} days`;
}

/** "seen now", "seen 4 min ago". */
export function seen({ last_seen: at }, now) {
  const ago = (now - Date.parse(at)) / 1000;
  return ago < 75 ? "seen now" : `seen ${span(ago)} ago`;
}

/** "58 waiting", or nothing where the device does not say. */
export const waiting = ({ backlog }) =>
  !backlog ? "" : backlog.events === 0 ? "nothing waiting" : `${backlog.events} waiting`;

/** By how much a device's clock is off, in words, or "". */
export function clock({ clock_offset_ms: off }) {
  if (off === null || Math.abs(off) < CLOCK_MS) return "";
  return `Its clock is ${span(Math.abs(off) / 1000)} ${off > 0 ? "ahead" : "behind"}.`;
}

/** What is wrong with a camera itself, each a sentence. */
export const own = ({ problems }) => problems.map(words.sentenceOf);

/** What is wrong with all of a device, each a sentence. */
export const problems = (device) =>
  [...device.problems.map(words.sentenceOf), clock(device), !device.has_key && "Its key is no longer good."].filter(
    Boolean,
  );

/** The same on one of its cameras, in the device's name if it has several. */
const shared = ({ device }) =>
  problems(device).map((sentence) => (device.cameras.length > 1 ? `${device.name}: ${sentence}` : sentence));

/** All that is wrong with a camera, its own first. */
export const wrong = (camera) => [...own(camera), ...shared(camera)];

/** How a camera stands: a word, and over its picture a title and what to do where it gives none. */
export function standing(camera, now) {
  const { device, state } = camera;
  if (!device.online) {
    const at = Date.parse(device.last_seen);
    const when = now - at < DAY_S * 1000 ? words.time(at) : `${span((now - at) / 1000)} ago`;
    return {
      word: "silent",
      title: `Not heard of since ${when}`,
      mend: shared(camera)[0] ?? own(camera)[0] ?? "Look after its power and network.",
    };
  }
  if (state === "lost")
    return {
      word: "lost",
      title: "The camera gives no picture",
      mend: own(camera)[0] ?? "Its machine is up; its own page says why.",
    };
  return { word: "", title: "", mend: "" };
}

/** What is told of a camera that is well: its newest visit, or that nothing has come. */
export function newest(event, now) {
  if (!event) return "No visit yet";
  const at = Date.parse(event.start_time);
  const day = new Date(at).toDateString() === new Date(now).toDateString();
  return `${words.labelName(event.label)}, ${day ? words.time(at) : `${span((now - at) / 1000)} ago`}`;
}

/** "Ten of twelve are watching". */
export function headline(cameras) {
  const well = cameras.filter(({ watching }) => watching).length;
  if (cameras.length === 0) return "No camera has been heard of";
  if (cameras.length === 1) return well === 1 ? "One camera is watching" : "The camera is not watching";
  if (well === cameras.length) return `All ${words.number(well)} are watching`;
  return `${cap(well === 0 ? "none" : words.number(well))} of ${words.number(cameras.length)} ${well === 1 ? "is" : "are"} watching`;
}

/** Whose trouble it is: a camera's own, or all of its device's. */
const nameInNeed = (camera) => {
  const { device, name } = camera;
  const its = device.online && (camera.lost || camera.problems.length > 0);
  return its || device.cameras.length < 2 ? name : device.name;
};

/** "Heath north and Drive need you. Everything else is well." */
export function needs(cameras) {
  const needy = cameras.filter((camera) => camera.lost || wrong(camera).length > 0);
  if (cameras.length === 0) return "Give a camera a key, and name this hub in its configuration.";
  if (needy.length === 0) return "Everything is well.";
  const called = [...new Set(needy.map(nameInNeed))];
  const who = called.length > 3 ? `${words.number(needy.length)} cameras` : names(called);
  return `${cap(who)} ${called.length === 1 ? "needs" : "need"} you.${needy.length < cameras.length ? " Everything else is well." : ""}`;
}

/** The figures over the cards as `[what, value, note]`. */
export function figures({ devices, hub }, today, storage) {
  const backlog = devices.map((device) => device.backlog).filter(Boolean);
  const sum = (of) => backlog.reduce((total, it) => total + of(it), 0);
  const { bytes, max_bytes: most, free_bytes: free } = hub.storage;
  return [
    ["Visits today", today === null ? "–" : String(today), ""],
    [
      "Waiting on cameras",
      String(sum(({ events }) => events)),
      sum((it) => it.bytes) > 0 ? size(sum((it) => it.bytes)) : "",
    ],
    ["Coming in", hub.incoming > 0 ? words.count(hub.incoming, "visit") : "nothing", hub.incoming > 0 ? "now" : ""],
    ["Kept", size(bytes), most ? `of ${size(most)}` : free === null ? "" : `${size(free)} free`],
    ["Room for", room(storage), storage && !storage.forecast ? "known after a day" : ""],
  ];
}

function room(storage) {
  if (!storage?.forecast) return "–";
  const { limit, full_in_s: left } = storage.forecast;
  return limit === "age" ? "all of it" : left === 0 ? "no more" : span(left);
}

/** The facts of a camera and its device, as `[what, value]`. */
export function facts({ device }, now) {
  const { kept, backlog } = device;
  const off = device.clock_offset_ms;
  return [
    ["Device", device.name],
    ["Last seen", seen(device, now).replace("seen ", "")],
    ["Program", device.version ?? "does not say"],
    ["Clock", off === null ? "does not say" : clock(device).replace(/^Its clock is |\.$/g, "") || "right"],
    ["Waiting there", backlog ? `${words.count(backlog.events, "visit")}, ${size(backlog.bytes)}` : "does not say"],
    ["Free disk there", device.disk_free_bytes === null ? "does not say" : size(device.disk_free_bytes)],
    ["Up for", device.uptime_s === null ? "does not say" : span(device.uptime_s)],
    ["Kept here", `${words.count(kept.events, "visit")}, ${size(kept.bytes)}`],
    ["May have here", kept.quota_bytes === null ? "no limit" : size(kept.quota_bytes)],
  ];
}

/** A device's use of the disk in half a sentence. */
export const use = ({ kept }) =>
  [
    words.count(kept.events, "visit"),
    kept.owed_bytes > 0 && `${size(kept.owed_bytes)} still to come`,
    kept.quota_bytes !== null && kept.bytes >= 0.95 * kept.quota_bytes && "as much as it may have",
  ]
    .filter(Boolean)
    .join(", ");

/** What lets events go, in a sentence. */
export function limits({ max_age_s: age, max_size: most, min_free: free }) {
  const parts = [
    age && `are older than ${span(age)}`,
    most && `take more than ${size(most)}`,
    free && `leave less than ${size(free)} free`,
  ].filter(Boolean);
  return parts.length === 0
    ? "Nothing is ever let go."
    : `Visits are let go once they ${names(parts).replace(" and ", " or ")}; favourites stay.`;
}
