// What is said of one event: its facts, what is wrong with it, and its times.

import * as said from "../events/words.js";
import { isOpen } from "../events/model.js";
import * as words from "../words.js";

/** "0:08.4": a place in a clip. */
export function clipTime(time) {
  const tenths = Math.max(0, Math.round(time * 10));
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** "14.2 s", "3 min". */
export const seconds = (length) => (length < 60 ? `${length.toFixed(1)} s` : words.length(length));

/** Why it was recorded: Nightjar's sentence, or what stands for it. */
export function reason({ sentence, origin }) {
  if (sentence) return sentence.replace(/(\d) /g, "$1\u00a0"); // a figure stays with its unit
  if (origin === "manual") return "Somebody started this recording by hand.";
  return origin === "import" ? "This was brought in from recorded footage." : "Why this was recorded was not kept.";
}

/** The line under it. */
export const deed = (event) =>
  `${said.deedOf(event)}.${event.label_by === "detector" && event.confidence ? ` ${words.labelName(event.label)}, ${Math.round(event.confidence * 100)} % sure.` : ""}`;

/** The facts as `[what, value]`. */
export function rows(event, camera) {
  const { clip } = event;
  const start = said.startOf(event);
  const all = [
    ["Camera", camera],
    ["When", `${said.dayName(start)}, ${words.timeOf(start)}`],
    ["Length", isOpen(event) ? "goes on" : `${seconds(event.duration_s)}, ${event.frames} frames`],
    event.lead_s > 0 && ["Before it", seconds(event.lead_s)],
    ["Picture", `${event.size.width}×${event.size.height}`],
    ["Clip", clip ? `${said.size(clip.bytes)}, ${clip.codec === "h264" ? "H.264" : "MJPEG"}` : "none"],
  ];
  return all.filter(Boolean);
}

/** The pictures of an event as `{ url, word }`. */
export const shots = ({ poster, trail, thumb, thumbnails = [] }) =>
  [
    poster && { url: poster, word: "The best picture" },
    trail && { url: trail, word: "The path in one picture" },
    ...thumbnails.map((url, i) => ({ url, word: `Picture ${i + 1} of ${thumbnails.length}` })),
    thumb && { url: thumb, word: "What moved, alone" },
  ].filter(Boolean);

/** Where it stands with one remote. */
export function standing({ state, attempts, done_at: done }) {
  if (state === "done") return `there since ${words.time(done)}`;
  if (state === "failed") return "refused";
  return state === "sending" ? "goes there now" : attempts > 0 ? "is tried again" : "waits";
}

/** What one should know before believing it: each a sentence. */
export function remarks(event) {
  const { clip, missing, frames } = event;
  return [
    isOpen(event) && "This is being recorded now. The clip comes when it has ended.",
    event.state === "partial" &&
      "The recording was cut short, by a power cut or a fault. All that was written before is here.",
    event.state === "pictures" && "The disk needed room, so the clip was let go. Its pictures stay.",
    missing > 0 &&
      `${words.count(missing, "frame")} of ${frames + missing} did not reach the clip, so it jumps a little.`,
    clip?.degraded && "This machine was busy, so the clip has fewer frames, or larger ones, than it should.",
    event.clock_was_set === false && "The clock was not set then: day and time may be wrong.",
    event.part > 1 && `This is part ${event.part} of a longer recording.`,
  ].filter(Boolean);
}
