// Every sentence Nightjar says on the page, made from data. Short, calm, present tense. English only, for now.

const NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split(" ");
const NAMES = { animal: "Animal", person: "Person", vehicle: "Vehicle", environment: "Weather", unknown: "Something" };
const SUBJECT = {
  animal: "An animal",
  person: "A person",
  vehicle: "A vehicle",
  environment: "Wind or light",
  unknown: "Something",
};
const PLURAL = {
  animal: "animals",
  person: "people",
  vehicle: "vehicles",
  environment: "leaves or lights",
  unknown: "things",
};
const WAYS = ["across", "towards", "away", "up", "down", "still"];
const verbs = (...of) => Object.fromEntries(WAYS.map((manner, i) => [manner, of[i] ?? of[0]]));
const DOES = {
  animal: verbs("crosses", "comes closer", "walks away", "moves up", "moves down", "stays"),
  person: verbs("walks by", "comes closer", "walks away", "walks up", "walks down", "stands here"),
  vehicle: verbs("drives by", "comes closer", "drives off", "drives up", "drives down", "stands here"),
  environment: verbs("moves"),
  unknown: verbs("moves by", "comes closer", "moves away", "moves up", "moves down", "moves"),
};
const DID = {
  animal: verbs("Crossed", "Came closer", "Walked away", "Moved up", "Moved down", "Stayed a while"),
  person: verbs("Walked by", "Came closer", "Walked away", "Walked up", "Walked down", "Stood here"),
  vehicle: verbs("Drove by", "Came closer", "Drove off", "Drove up", "Drove down", "Stood here"),
  environment: verbs("Moved"),
  unknown: verbs("Moved by", "Came closer", "Moved away", "Moved up", "Moved down", "Moved"),
};
const WAY = { left: "right to left", right: "left to right" };
const KINDS = {
  demo: "Demo scene",
  http: "Network camera",
  file: "Video file",
  v4l2: "USB camera",
  rtsp: "Network camera",
  command: "Command",
};

const BRIEF = {
  bad_pictures: "Sends damaged pictures",
  bad_url: "Has a wrong address",
  broken: "Connection broke off",
  busy: "Is busy",
  died: "Cannot be read",
  empty: "Sends no picture",
  ended: "Ended the stream",
  forbidden: "Does not allow this",
  internal: "Nightjar failed over it",
  no_ffmpeg: "Needs ffmpeg",
  no_file: "File is not there",
  no_frames: "File has no pictures",
  no_scene: "No such scene",
  no_such_host: "Name is not known",
  no_video: "File has no video",
  not_a_video: "File is no video",
  not_a_stream: "Sends no pictures",
  not_found: "Wrong path",
  not_http: "Wrong port",
  redirect: "Is at another address",
  refused: "Refuses the connection",
  server_error: "Is in trouble itself",
  stalled: "Sends nothing more",
  system: "Cannot be opened here",
  timeout: "Does not answer",
  tls: "Cannot be trusted",
  too_many_variants: "Too many sizes",
  too_many_viewers: "Too many viewers",
  too_many_watched: "Too many at once",
  unauthorized: "Wants a password",
  unexpected_status: "Answers with an error",
  unreachable: "Cannot be reached",
};

const known = (label) => (Object.hasOwn(NAMES, label) ? label : "unknown");
const way = (direction) => WAY[direction] ?? "";
const manner = (direction) => (direction in WAY ? "across" : direction);
const upper = (words) => words[0].toUpperCase() + words.slice(1);
const act = (table, label, direction) => table[known(label)][manner(direction)] ?? table[known(label)].still;

/** "three", "14"; small numbers are read more calmly as words. */
export const number = (n) => NUMBERS[n] ?? String(n);

/** "1 visit", "6 visits"; `words` also for zero: "no visits". */
export const count = (n, one, many = `${one}s`) => `${n === 0 ? "no" : n} ${n === 1 ? one : many}`;

/** The class as a word: "Animal". */
export const labelName = (label) => NAMES[known(label)];

/** The sprite's icon of a class. */
export const labelIcon = (label) => known(label);

/** "Animal 86 %". */
export const tag = (region) => `${labelName(region.label)} ${Math.round((region.confidence ?? 0) * 100)} %`;

/** What moves now, as Nightjar says it: "An animal crosses, left to right." */
export function sentence(regions) {
  if (regions.length === 0) return "Something moves.";
  if (regions.length === 1) {
    const [{ label, direction }] = regions;
    return `${SUBJECT[known(label)]} ${act(DOES, label, direction)}${way(direction) && `, ${way(direction)}`}.`;
  }
  const counts = new Map();
  for (const { label } of regions) counts.set(known(label), (counts.get(known(label)) ?? 0) + 1);
  const parts = [...counts].map(([label, n]) =>
    n === 1 ? SUBJECT[label].toLowerCase() : `${number(n)} ${PLURAL[label]}`,
  );
  return `${upper(joined(parts))} move.`;
}

/** The same for the small tiles and the screen reader: "animal, left to right". */
export function brief(regions) {
  if (regions.length !== 1)
    return regions.length === 0 ? "something moves" : sentence(regions).slice(0, -1).toLowerCase();
  const [{ label, direction }] = regions;
  return [labelName(label).toLowerCase(), way(direction) || act(DOES, label, direction)].join(", ");
}

/** What came and no longer moves, while its visit goes on: "An animal is still here." */
export const resting = (visit) =>
  `${SUBJECT[known(visit.label)]} ${visit.resting === "left" ? "has just left" : "is still here"}.`;

/** What a visit was, in half a sentence: "Crossed, left to right"; `now` while it still goes on. */
export function visitDeed(visit, now = !visit.end) {
  if (now && visit.resting) return visit.resting === "left" ? "Has just left" : "Is still here";
  const direction = visit.direction ?? "still";
  if (now) return upper(`${act(DOES, visit.label, direction)} now`);
  return `${act(DID, visit.label, direction)}${way(direction) && `, ${way(direction)}`}`;
}

/** The visit as the text of its picture: "Animal in Garden, 21:38. Crossed, left to right." */
export const visitAlt = (visit, camera, now) =>
  `${labelName(visit.label)}, ${camera}, ${time(visit.start)}. ${visitDeed(visit, now)}.`;

/** "21:38" in this browser's zone. */
export function time(when) {
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? "" : `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}
/** "21:38:05". */
export const timeOf = (when) => `${time(when)}:${pad(new Date(when).getSeconds())}`;
const pad = (n) => String(n).padStart(2, "0");

/** "20260619-213805", for file names. */
export function stamp(date) {
  return `${date.getFullYear()}${pad(date.getMonth() + 1)}${pad(date.getDate())}-${pad(date.getHours())}${pad(date.getMinutes())}${pad(date.getSeconds())}`;
}

/** A length: "22 s", "3 min", "1 h 5 min". */
export function length(seconds) {
  if (seconds < 10) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A gap: "23 minutes", "an hour", "2 hours". */
export function gap(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes === 1) return "a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours === 1 ? "an hour" : `${hours} hours`;
}

/** "0.12 s old"; past ten seconds hundredths say nothing. */
export function age(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${s.toFixed(2)} s old`;
  return s < 120 ? `${Math.round(s)} s old` : `${Math.round(s / 60)} min old`;
}

/** "15.0 fps, 0.12 s old"; without a rate only the age. */
export const figures = (fps, ageMs) => `${fps > 0 ? `${fps.toFixed(1)} fps, ` : ""}${age(ageMs)}`;

/** One or two words for the state in the head of a tile; `silent`: no word from Nightjar, `refused`: it sends no frames. */
export function stateWord(camera, { silent = false, refused = false } = {}) {
  const { state } = camera.info.source;
  if (silent) return "no word";
  if (camera.lost) return "lost";
  if (!camera.live) return state;
  if (refused) return "refused";
  if (!camera.armed) return "disarmed";
  return camera.moving ? "moving" : "live";
}

/** What was asked of a source that is opening: "Demo scene, 1280×720, 15 fps asked". */
export function asked({ kind, width, height, frame_rate: fps }) {
  const parts = [KINDS[kind] ?? kind];
  if (width && height) parts.push(`${width}×${height}`);
  if (fps) parts.push(`${Number(fps.toFixed(1))} fps asked`);
  return parts.join(", ");
}

/** What a quiet camera says of itself; `visit` is the one that goes on although nothing moves, or null. */
export function quiet(camera, visit, quietSince, now) {
  if (!camera.motion.enabled) return "Disarmed. Nothing is noticed until it is armed.";
  if (visit) return resting(visit);
  if (quietSince === null) return "Nothing has moved yet";
  return `Quiet for ${gap(now - quietSince)}`;
}

/** The parts of a camera that shows no live picture: title, what to do. */
export function trouble(state, problem, lastPictureMs) {
  const last =
    lastPictureMs === null
      ? ""
      : `Last picture ${lastPictureMs < 60_000 ? `${Math.max(1, Math.round(lastPictureMs / 1000))} s` : gap(lastPictureMs)} ago. `;
  if (state === "ended")
    return {
      title: "The video has ended",
      mend: "Every picture of it was looked at. Start Nightjar again to play it again.",
    };
  if (state === "stopped") return { title: "This camera is stopped", mend: `${last}Start Nightjar again to watch.` };
  return {
    title: closed(problem?.what) || "The camera gives no picture",
    mend: `${last}${problem?.mend ?? "Nightjar keeps trying."}`,
  };
}
const closed = (words) => words?.trim().replace(/\.$/, "");

/** Why the server gives this page no frames of a camera, in the shape of a camera's problem. */
export const refusal = ({ code, detail }) => ({
  code,
  what: detail || "Nightjar sends no pictures of this camera.",
  mend:
    code === "too_many_viewers"
      ? "Close another page that shows this camera, or raise `max_clients`."
      : code === "too_many_variants"
        ? "Close another page that shows this camera."
        : code === "too_many_watched"
          ? "Scroll the others away, or open this one alone."
          : "Nightjar keeps trying.",
});

/** The same where there is room for a few words only; the camera's name stands above. */
export const troubleBrief = (state, problem) =>
  state === "ended"
    ? "The video has ended"
    : state === "stopped"
      ? "Stopped"
      : (BRIEF[problem?.code] ?? "Gives no picture");

/** Without the backticks that mark names, where only text can stand. */
export const plain = (words) => words.replaceAll("`", "");

/** "next try in 8 s". */
export const nextTry = (ms) => (ms < 1000 ? "trying" : `next try in ${Math.round(ms / 1000)} s`);

/** The summary in the bar, as `[strong, rest]`. */
export function watching(n, total) {
  if (total === 0) return ["No camera", "is set up"];
  if (total === 1) return n === 1 ? ["1 camera", "watching"] : ["0 of 1", "cameras watching"];
  return [`${n} of ${total}`, "cameras watching"];
}

/** The voice over the visits of all cameras. */
export const visitsHead = (n) => upper(`${number(n)} ${n === 1 ? "visit" : "visits"}`);

/** The line under it, of `n` visits: how many go on, or when the newest was; `where` only where there are several cameras. */
export function lastVisit(n, open, visit, where) {
  const place = where && ` in ${where}`;
  if (n === 0) return `in the last hour; the last was at ${time(visit.start)}${place}`;
  if (open === 0) return `in the last hour, ${n === 1 ? "" : "the last "}at ${time(visit.start)}${place}`;
  if (open > 1) return `in the last hour, ${open < n ? number(open) : n === 2 ? "both" : "all"} of them now`;
  return `in the last hour, ${n === 1 ? "" : "one of them "}now${place}`;
}

/** "6 visits, 11 near misses" of a camera's hour. */
export const hourSum = ({ all, misses }) =>
  `${count(all, "visit")}, ${count(misses, "near miss", "near misses")}`;

/** Where the near misses went. */
export function missesNote(n) {
  if (n === 0) return "";
  return n === 1
    ? "One near miss was held back: it moved, but not like a visitor."
    : `${upper(number(n))} near misses were held back: they moved, but not like visitors.`;
}

/** What the slider means, for those who do not see it. */
export const sensitivity = (value) => `${value}; higher notices more. This is threshold ${105 - value}.`;

const NAMED = 3; // so many cameras by name, more of them by number

/** Under "Nothing has moved yet": since when all that watch have watched, and which do not. */
export function sinceWhen(cameras, misses) {
  const watching = cameras.filter((camera) => camera.watching);
  const others = cameras.filter((camera) => !camera.watching);
  const since = Math.max(...watching.map((camera) => Date.parse(camera.info.source.since)));
  const about =
    watching.length <= NAMED ? joined(watching.map((camera) => camera.name)) : `${number(watching.length)} cameras`;
  const parts = [
    watching.length === 0 ? "No camera is watching now." : `Nightjar has been watching ${about} since ${time(since)}.`,
    others.length <= NAMED
      ? others.map((camera) => `${camera.name} is ${stateWord(camera)}.`).join(" ")
      : `${upper(number(others.length))} cameras are not watching.`,
    missesNote(misses),
  ];
  return parts.filter(Boolean).join(" ");
}
const joined = (names) => (names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** The same while nothing comes from Nightjar, or it does not let this page in. */
export const unheard = (refused) => (refused ? ["Key needed", ""] : ["No word", "from Nightjar"]);

/** The connection is gone; `why` is what the server said when it closed it, if it did. */
export const noWord = (ms, ever, why = "") =>
  ever
    ? `${why && `${sentenceOf(why)} `}No word from Nightjar for ${Math.round(ms / 1000)} s. Trying again.`
    : "Nightjar does not answer yet. Trying again.";

/** A fragment of the server's as a sentence of its own: "the server stops" → "The server stops." */
export function sentenceOf(fragment) {
  const trimmed = fragment.trim();
  if (trimmed === "") return "";
  return upper(/[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`);
}
