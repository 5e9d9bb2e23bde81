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
export const state = ({ state: name, waiting_for: waits, backlog: { clips, pictures } }) =>
  name === "sending" ? STATES.sending : (WAITS[waits] ?? (clips + pictures > 0 ? STATES.waiting : STATES.idle));

/** The kind of its dot: "" while it goes, "off" while it waits for what comes by itself, "bad" where somebody is needed. */
export const health = ({ state: name, waiting_for: waits, backlog: { failed } }) =>
  WRONG.has(waits) || failed > 0 ? "bad" : name === "waiting" ? "off" : "";

/** How many events wait here. */
const owed = ({ pictures, clips }) => Math.max(pictures, clips);

/** "41 visits, 1.2 GB"; what failed waits, too, but is told apart. */
export const backlog = (it) => (owed(it) === 0 ? "nothing" : `${words.count(owed(it), "visit")}, ${size(it.bytes)}`);

/** Of the visits that wait, how many lack their pictures: "pictures of 3 first". */
export const first = ({ pictures }) => (pictures > 0 ? `pictures of ${pictures} first` : "clips only");

/** "1.2 MB/s". */
export const rate = (bytes) => `${size(bytes)}/s`;

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
  const failed = Math.max(...remotes.map(({ backlog: it }) => it.failed));
  const waiting = Math.max(...remotes.map(({ backlog: it }) => owed(it)));
  if (waiting > 0) return `${cap(words.count(waiting, "visit"))} ${waiting === 1 ? "waits" : "wait"} here`;
  if (failed > 0)
    return failed === 1 ? "One visit could not be handed over" : `${failed} visits could not be handed over`;
  return "Everything is handed over";
}

/** The line under it: what holds for all remotes. */
export function sub({ paused, window: hours, rate_limit: limit, remotes }) {
  if (remotes.length === 0) return "No remote is set up.";
  const parts = [
    paused && "Paused: nothing is sent until it goes on.",
    hours && `Sends from ${hours.from ?? hours.split?.("-")[0]} to ${hours.to ?? hours.split?.("-")[1]}.`,
    limit && `At most ${rate(limit)}.`,
  ].filter(Boolean);
  return parts.join(" ") || "Pictures go first, newest first; clips follow, oldest first.";
}

/** "−67 dBm, fair". */
export const signal = ({ signal_dbm: dbm, state: how }) =>
  [Number.isFinite(dbm) && `${String(Math.round(dbm)).replace("-", "−")} dBm`, how].filter(Boolean).join(", ");

/** What the signal leads to. */
export const slowed = (wifi) => (wifi.rate === 0 ? "nothing is sent" : wifi.rate ? `at most ${rate(wifi.rate)}` : "");

/** How an errand stands: "Sending its clip", "Pictures are there; the clip waits", "Next try in 40 s". */
export function errand({ state: name, stage, attempts, due_in_s: due }) {
  const what = stage === "pictures" ? "pictures" : "clip";
  if (name === "sending") return `Sending the ${what}`;
  if (name === "failed") return "Refused";
  if (name === "done") return "Handed over";
  if (attempts > 0 && due > 0) return `Next try in ${words.length(Math.max(1, due))}`;
  return attempts > 0 ? "Tried again soon" : `Its ${what} ${stage === "pictures" ? "wait" : "waits"}`;
}

/** How much of an errand's clip has come there, 0 to 1, or null. */
export const share = ({ bytes, sent_bytes: sent }) => (sent > 0 ? Math.min(1, sent / (sent + bytes || 1)) : null);

const cap = (text) => text[0].toUpperCase() + text.slice(1);
