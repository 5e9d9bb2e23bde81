// Day arithmetic in this browser's zone, where a day has 23, 24 or 25 hours. Pure.

import { dayOf } from "../events/words.js";

const parts = (day) => day.split("-").map(Number);

/** When the day (`YYYY-MM-DD`) that is `by` days after `day` begins, Unix milliseconds. */
export function beginOf(day, by = 0) {
  const [year, month, date] = parts(day);
  return new Date(year, month - 1, date + by).getTime();
}

/** The day that is `by` days after `day`. */
export const plus = (day, by) => dayOf(beginOf(day, by));

/** `day` if it is one, else null. */
export const valid = (day) => (/^\d{4}-\d\d-\d\d$/.test(day ?? "") && dayOf(beginOf(day)) === day ? day : null);

/** When it is "02:41" on that day, or null if that is no time. */
export function momentOf(day, time) {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(time ?? "") ?? [];
  if (!(hour < 24 && minute < 60)) return null;
  const [year, month, date] = parts(day);
  return new Date(year, month - 1, date, hour, minute).getTime();
}

/** The 14 days that a strip shows: of those counted back from `today`, the ones with `day` among them. */
export function fortnight(day, today) {
  const back = Math.round((Date.parse(today) - Date.parse(day)) / 86_400_000); // both at midnight UTC: whole days
  const last = -14 * Math.floor(back / 14);
  return Array.from({ length: 14 }, (_, i) => plus(today, last - 13 + i));
}

const STEPS = [1, 2, 5, 10, 30, 60, 180]; // minutes

/** What stands below a line of time: at most `most` round times of the clock from `from` to `to`, as `{ at, word }`. */
export function labels(from, to, most) {
  const step = STEPS.find((minutes) => (to - from) / minutes / 60_000 < most) ?? STEPS.at(-1);
  const unit = Math.min(step, 5) * 60_000; // clocks are changed by more
  const found = [];
  for (let at = Math.ceil(from / unit) * unit; at <= to; at += unit) {
    const time = new Date(at);
    const minutes = time.getHours() * 60 + time.getMinutes();
    if (minutes % step === 0) found.push({ at, minutes, hour: String(time.getHours()).padStart(2, "0") });
  }
  return found.map(({ at, minutes, hour }, i) => ({
    at,
    word:
      step < 60
        ? `${hour}:${String(minutes % 60).padStart(2, "0")}`
        : at === to && i > 0 && minutes === 0
          ? "24"
          : hour,
  }));
}
