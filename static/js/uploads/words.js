// What is said of the way out: of the backlog as a whole, of a remote, of one errand.

import { size } from "../events/words.js";
import * as words from "../words.js";

const KINDS = { nightjar: "Nightjar hub", legacy: "Older storage server", s3: "Object store" };
const STATES = { sending: "Sending", idle: "Nothing to send", waiting: "Waiting" };
const WAITS = {
  paused: "Paused",
  window: "Waiting for its hours",
  wifi: "Waiting for better Wi-Fi",
  offline: "Cannot be reached",
  denied: "Does not take our key",
  "back-off": "Waiting for the next try",
  disk: "The disk cannot be read",
};
/** What does not mend itself, or not soon. */
const WRONG = new Set(["offline", "denied", "disk"]);

/** The kind of a remote. */
export const kind = (remote) => KINDS[remote.kind] ?? remote.kind;

/** How a remote stands, in a few words. */
export const state = ({ state: name, waiting, backlog }) =>
  name === "sending" ? STATES.sending : (WAITS[waiting] ?? (backlog.events > 0 ? STATES.waiting : STATES.idle));

/** The kind of its dot: "" while it goes, "off" while it waits for what comes by itself, "bad" where somebody is needed. */
export const health = ({ state: name, waiting, backlog: { failed } }) =>
  WRONG.has(waiting) || failed > 0 ? "bad" : name === "waiting" ? "off" : "";

/** "41 visits, 1.2 GB"; what was refused is told apart. */
export const backlog = ({ events, bytes }) =>
  events === 0 ? "nothing" : `${words.count(events, "visit")}, ${size(bytes)}`;

/** Of the visits that wait, how many lack their pictures: "pictures of 3 first". */
export const first = (remote, { events, pictures }) =>
  events === 0 || atOnce(remote) ? "" : pictures > 0 ? `pictures of ${pictures} first` : "clips only";

/** "1.2 MB/s". */
export const speed = (bytes) => `${size(bytes)}/s`;

/** When it is done, if that can be told: "21:50", with the day where it is another one. */
export function end(seconds, now = Date.now()) {
  if (!Number.isFinite(seconds)) return null;
  const at = new Date(now + seconds * 1000);
  const day = at.toLocaleDateString("en-GB", { weekday: "long" });
  if (seconds > 6 * 86_400) return `in ${words.count(Math.round(seconds / 86_400), "day")}`;
  return at.toDateString() === new Date(now).toDateString() ? words.time(at) : `${day} ${words.time(at)}`;
}

/** The headline: what is not safe yet. */
export function headline({ remotes }) {
  if (remotes.length === 0) return "Everything stays here";
  const most = (key) => Math.max(...remotes.map(({ backlog: it }) => it[key]));
  const [waiting, failed] = [most("events"), most("failed")];
  if (waiting > 0) return `${words.count(waiting, "visit")} ${waiting === 1 ? "waits" : "wait"} here`;
  return failed > 0 ? `${words.count(failed, "visit")} could not be handed over` : "Everything is handed over";
}

/** The line under it: what holds for all remotes. */
export function sub({ paused, window: hours, window_active: active, in_window: open, rate, remotes }) {
  if (remotes.length === 0) return "No remote is set up.";
  const parts = [
    paused && "Paused: nothing is sent until it goes on.",
    hours && active && `Sends from ${hours.replace("-", " to ")}${open === false ? ", not now" : ""}.`,
    rate && `At most ${speed(rate)}.`,
  ].filter(Boolean);
  return parts.join(" ") || "Pictures go first, newest first; clips follow, oldest first.";
}

/** "Wi-Fi −67 dBm, fair: at most 500 kB/s"; `limit` is what is allowed now, `set` what somebody has set. */
export function signal({ signal: { dbm, quality }, rate_limit: limit, rate: set }) {
  const slowed = limit === 0 ? ": nothing is sent" : limit && limit !== set ? `: at most ${speed(limit)}` : "";
  return `Wi-Fi ${String(dbm).replace("-", "−")} dBm, ${quality}${slowed}`;
}

/** What goes on, and when: "in 40 s". */
export const resumes = ({ resumes_in_s: wait }) => (wait > 0 ? `goes on in ${words.length(Math.max(1, wait))}` : "");

/** Whether a remote takes an event all at once, not its pictures first. */
export const atOnce = ({ kind: of }) => of === "legacy";

/** How far what goes of an errand now is, as bytes `sent` of all `bytes`, if that is known. */
export const far = ({ event, stage }, { under_way: all }) =>
  all.find((it) => it.event === event && it.stage === stage && it.bytes > 0);

/** How an errand stands: "Sending the clip, 1.2 MB of 4.2 MB", "Its pictures wait", "Next try in 40 s"; `whole` where all of it goes at once. */
export function errand({ state: name, stage, attempts, due_in_s: due, done_at: done }, whole, way) {
  if (name === "failed") return "Refused";
  if (name === "done") return done ? `Handed over at ${words.time(done)}` : "Handed over";
  if (name === "sending")
    return `Sending ${whole ? "it" : `the ${stage}`}${way ? `, ${size(way.sent)} of ${size(way.bytes)}` : ""}`;
  if (attempts > 0) return due > 0 ? `Next try in ${words.length(Math.max(1, due))}` : "Tried again soon";
  return whole ? "It waits" : stage === "pictures" ? "Its pictures wait" : "Its clip waits";
}
