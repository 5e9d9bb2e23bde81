// What is said of an event: what it was, when, for how long, and of which day.

import * as words from "../words.js";
import { isOpen } from "./model.js";

/** When it was: its start, Unix milliseconds. */
export const startOf = (event) => Date.parse(event.start_time);

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

/** What is not as it should be with its recording, or "". */
export function stateOf({ state, missing, clip }) {
  if (state === "partial") return "Cut short; what was written before is here.";
  if (state === "pictures") return "The disk needed room: only the pictures are left.";
  if (missing > 0) return `${words.count(missing, "picture")} missing.`;
  return clip?.degraded ? "Recorded with fewer pictures, as this machine was busy." : "";
}

/** A day as `YYYY-MM-DD` of this browser's zone. */
export const dayOf = (when) => words.stamp(new Date(when)).replace(/^(\d{4})(\d\d)(\d\d).*/, "$1-$2-$3");

/** "Thursday, 19 June", with the year where it is not this one. */
export function dayName(start, now = Date.now()) {
  const of = (when, part) => new Date(when).toLocaleDateString("en-GB", part);
  const year = of(start, { year: "numeric" });
  const name = `${of(start, { weekday: "long" })}, ${of(start, { day: "numeric", month: "long" })}`;
  return year === of(now, { year: "numeric" }) ? name : `${name} ${year}`;
}
