// The facts of a camera, as `[what, value]`, in the order they are shown.

import { age, asked, count, stateWord, time, troubleBrief } from "../words.js";

const FORMATS = { mjpeg: "MJPEG", mjpg: "MJPEG", jpeg: "JPEG", i420: "I420", yuyv: "YUYV", nv12: "NV12", grey: "GREY" };
const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const rounded = (fps) => String(Number(fps.toFixed(1)));

function rate({ fps, frame_rate: agreed }) {
  if (!(fps > 0)) return agreed ? `${rounded(agreed)} fps agreed` : "no pictures";
  return agreed ? `${fps.toFixed(1)} of ${rounded(agreed)} fps` : `${fps.toFixed(1)} fps`;
}

const UNKNOWN = "not known now";

/** Of a camera, with the age of the picture on screen (ms, or null); `silent` while nothing is heard of it. */
export function rows(camera, ageMs, silent = false) {
  const { source, settings, viewers, motion } = camera.info;
  const lasting = [
    ["Source", asked({ kind: source.kind })],
    [
      "State",
      silent
        ? "no word"
        : `${camera.live ? "live" : stateWord(camera)} since ${time(camera.lostSince ?? source.since)}`,
    ],
    ["Problem", camera.problem ? troubleBrief(source.state, camera.problem) : "none"],
    [
      "Picture",
      source.width
        ? `${source.width}×${source.height}${source.format ? `, ${FORMATS[source.format.toLowerCase()] ?? source.format}` : ""}`
        : "not known yet",
    ],
    ["Rate", silent ? UNKNOWN : rate(source)],
    ["Age", ageMs === null ? "no picture yet" : age(ageMs)],
    ["Frames", `${grouped(source.frames)}, ${source.dropped === 0 ? "none" : grouped(source.dropped)} dropped`],
    ["Watching", silent ? UNKNOWN : count(viewers, "viewer")],
    ["Sensitivity", motion.enabled ? String(105 - motion.threshold) : "disarmed"],
  ];
  if (settings?.rotation) lasting.splice(4, 0, ["Turned", `${settings.rotation}° clockwise`]);
  return lasting;
}
