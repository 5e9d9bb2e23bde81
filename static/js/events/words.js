// What is said of an event: what it was, when, for how long, and of which day.

import * as words from "../words.js";
import { isOpen } from "./model.js";

/** When it was: its start, Unix milliseconds. */
export const startOf = (event) => Date.parse(event.start_time);

/** When it ended: its last frame, or `now` while it is being recorded. */
export const endOf = (event, now = Date.now()) => (event.end_time ? Date.parse(event.end_time) : now);

/** "21:38", or "now" while it is being recorded. */
export const timeOf = (event) => (isOpen(event) ? "now" : words.time(event.start_time));

/** "22 s", or "now". */
export const lengthOf = (event) => (isOpen(event) ? "now" : words.length(event.duration_s));

/** What it was, in half a sentence: "Crossed, left to right". */
export const deedOf = (event) =>
  event.origin === "manual" && event.label === "unknown"
    ? "Recorded by hand"
    : words.visitDeed({ label: event.label, direction: event.direction }, isOpen(event));

/** The event as the text of its picture: "Animal in Garden, 21:38. Crossed, left to right." */
export const altOf = (event, camera) =>
  `${words.labelName(event.label)} in ${camera}, ${timeOf(event)}. ${deedOf(event)}.`;

/** A day as `YYYY-MM-DD` of this browser's zone. */
export const dayOf = (when) => words.stamp(new Date(when)).replace(/^(\d{4})(\d\d)(\d\d).*/, "$1-$2-$3");

/** "Thursday, 19 June", with the year where it is not this one. */
export function dayName(start, now = Date.now()) {
  const of = (when, part) => new Date(when).toLocaleDateString("en-GB", part);
  const year = of(start, { year: "numeric" });
  const name = `${of(start, { weekday: "long" })}, ${of(start, { day: "numeric", month: "long" })}`;
  return year === of(now, { year: "numeric" }) ? name : `${name} ${year}`;
}

/** "4.1 MB". */
export function size(bytes) {
  const power = Math.max(0, Math.min(4, Math.floor(Math.log10(bytes || 1) / 3)));
  const n = bytes / 1000 ** power;
  return `${n < 10 && power > 0 ? n.toFixed(1) : Math.round(n)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

const LATE_MS = 600_000;

/** What keeps an event from being handed over: "failed", "late" where it waits for long, or "". */
export function kept(event, now = Date.now()) {
  const { uploads = [] } = event;
  if (uploads.some(({ state }) => state === "failed")) return "failed";
  return uploads.some(({ state }) => state === "owed") && now - endOf(event, now) > LATE_MS ? "late" : "";
}

/** The same in words. */
export const KEPT = { failed: "Could not be handed over.", late: "Waits to be handed over." };

/** The heading over the disk: "Full in 9 days". */
export function fullIn(forecast) {
  if (!forecast) return "Disk";
  if (forecast.limit === "age") return "Room for all";
  if (forecast.full_in_s === 0) return "As full as it may be";
  const hours = Math.floor(forecast.full_in_s / 3600);
  return `Full in ${hours < 48 ? words.count(hours, "hour") : words.count(Math.floor(hours / 24), "day")}`;
}

/** Of all cameras. */
export const visitsIn = (lanes) => [...lanes.values()].reduce((sum, { visits }) => sum + visits, 0);

/** "28 visits on 3 cameras." */
export const daySum = (lanes, cameras) =>
  `${words.count(visitsIn(lanes), "visit").replace("no", "No")} on ${words.count(cameras, "camera")}.`;
