// What is known of every camera: its last state, its last decisions, its last hour. Fed by the socket, read by the places.
// Draws nothing.

import { cameraPath, getJson } from "./api.js";

const DECISIONS_KEPT = 64;
const STALE_MS = 3_000; // a mover nobody confirms for this long has gone unheard
const REFETCH_MS = 2_000;
const HOUR_MS = 3_600_000;
const TOLD = 50; // the newest visits; the server tells of no more
const BOXES_LAST_MS = 1_000;

/** Regions with the one that matters most first. */
export function ranked(regions) {
  const weight = ({ box: [, , w, h], confidence = 0 }) => (0.2 + confidence) * w * h;
  return [...regions].sort((a, b) => weight(b) - weight(a));
}

const REASON_LASTS_MS = 10_000; // a movement that follows so soon is the same one
const AT_THE_EDGE = 0.02; // a share of the picture: what was last seen so near its edge has left

function touchesEdge([x, y, w, h]) {
  return x < AT_THE_EDGE || y < AT_THE_EDGE || x + w > 1 - AT_THE_EDGE || y + h > 1 - AT_THE_EDGE;
}

/** How sure it is what something is: that it is unknown may be very sure, and says nothing. */
const sure = ({ label, confidence }) => label !== "unknown" && confidence;

class Camera {
  /** Decisions, oldest first. */
  #decisions = [];
  #heardAt = 0;
  moving = false;
  movingSince = 0;
  #movingFrom = 0; // the same by the server's clock
  /** Regions of the newest decision. */
  regions = [];
  /** Server time at which the last movement ended, or null while none is known. */
  quietSince = null;
  /** Capture time of the last real picture, server clock, or null. */
  lastPicture = null;
  /** Why the camera was lost, kept until it is live again. */
  problem = null;
  /** Since when it is lost, where this page has seen it happen. */
  lostSince = null;
  activity = null;
  /** Why it fired last and what was held back last, as the server says it, or null. */
  why = { fired: null, missed: null };
  /** What moves, or moved last: a region as it was seen surest, or null while nothing was. An open visit is told by it. */
  seenAs = null;
  #seenAt = 0;
  nextTryAt = null;
  nextTryTotal = 1;

  constructor(info) {
    this.update(info, true);
  }

  get id() {
    return this.info.id;
  }

  get name() {
    return this.info.name || this.info.id;
  }

  get live() {
    return this.info.source.state === "live";
  }

  /** No picture is to come. */
  get over() {
    const { state } = this.info.source;
    return state === "ended" || state === "stopped";
  }

  get armed() {
    return this.info.motion.enabled;
  }

  /** Lost, or trying to come back: between two tries it is the same trouble. */
  get lost() {
    const { state } = this.info.source;
    return state === "lost" || (state === "opening" && this.problem !== null);
  }

  get watching() {
    return this.live && this.armed;
  }

  /** The parts of the picture with a rule of their own. */
  get zones() {
    return this.info.zones ?? [];
  }

  /** Why what moves now counts, as the server says it; empty where it has not said. */
  get reason() {
    const { fired } = this.why;
    return this.moving && fired && Date.parse(fired.time) > this.#movingFrom - REASON_LASTS_MS ? fired.sentence : "";
  }

  /** The visit that goes on, told by what is seen now, or null. What came may stand still in it. */
  get visit() {
    return this.watching && this.#open ? this.told(this.#open) : null;
  }

  get #open() {
    return this.activity?.visits.find((visit) => !visit.end);
  }

  /** A visit as it stands: one that goes on is known better by what moves now than by what was known at its begin. */
  told(visit) {
    if (visit.end) return visit;
    const seen = this.seenAs ?? visit;
    const { label, confidence } = sure(visit) > sure(seen) ? visit : seen; // it was seen before this page came
    const resting = this.moving ? null : seen.box && touchesEdge(seen.box) ? "left" : "here";
    return { ...visit, label, confidence, direction: seen.direction, resting };
  }

  /** Takes the camera's state; `late` where it may have been in it for long, as when this page has just come. */
  update(info, late = false) {
    this.info = info;
    const wait = info.source.next_try_in_ms;
    this.nextTryAt = wait === null || wait === undefined ? null : performance.now() + wait;
    this.nextTryTotal = Math.max(wait ?? 1, 1);
    if (this.live) this.problem = this.lostSince = null;
    else if (info.source.problem) {
      if (!this.problem) this.lostSince = late ? null : info.source.since; // each try makes a new since, but it was lost only once
      this.problem = info.source.problem;
    }
    this.#explain(info.why);
    if (!this.watching) this.#still();
    else if (late && info.motion.detected) this.#found(info.motion.regions);
  }

  /** It moved already when this page came. */
  #found(regions) {
    this.#see(regions);
    this.movingSince = this.#heardAt;
    this.moving = true;
  }

  /**
   * What moves now, mainly, is told by the surest look at it, as the server does: what leaves the picture is only seen in parts
   * and looks like something else. Another mover takes its place once it is surer, or the first has gone.
   */
  #see(regions) {
    this.#heardAt = performance.now();
    this.regions = regions;
    const [main] = ranked(regions);
    if (!main) return;
    const { track, label, confidence } = this.seenAs ?? main;
    const same = track === main.track;
    const surer = sure(main) >= sure({ label, confidence }) || (!same && this.#heardAt - this.#seenAt >= STALE_MS);
    if (same || surer) this.#seenAt = this.#heardAt;
    this.seenAs = surer ? main : { ...(same ? main : this.seenAs), label, confidence, box: main.box };
  }

  #explain(why) {
    if (!why) return;
    this.why = { ...this.why, [why.fired ? "fired" : "missed"]: why };
  }

  decide(message) {
    this.#explain(message.why);
    this.#see(message.regions);
    this.#decisions.push(message);
    if (this.#decisions.length > DECISIONS_KEPT) this.#decisions.shift();
    if (message.detected && !this.moving) {
      this.movingSince = this.#heardAt;
      this.#movingFrom = message.time_ms;
    }
    if (!message.detected && this.moving) this.quietSince = message.time_ms;
    this.moving = message.detected;
  }

  /**
   * What belongs to the frame on screen: the regions of the newest decision not younger than it, for at most a second;
   * `exact` if that decision was made on this very frame.
   */
  regionsAt(seq, timeMs) {
    const none = { regions: [], exact: false };
    if (!this.watching || !this.moving) return none;
    for (let i = this.#decisions.length - 1; i >= 0; i -= 1) {
      const decision = this.#decisions[i];
      if (decision.seq > seq) continue;
      return timeMs - decision.time_ms > BOXES_LAST_MS
        ? none
        : { regions: decision.regions, exact: decision.seq === seq };
    }
    return none;
  }

  /** Once a second: forgets a mover that is no longer confirmed. Returns whether anything changed. */
  tick(serverNow) {
    if (!this.moving || performance.now() - this.#heardAt < STALE_MS) return false;
    this.#still();
    this.quietSince = serverNow;
    return true;
  }

  /** A new connection may count frames anew. */
  forget() {
    this.#decisions = [];
    this.#still();
  }

  learn(activity) {
    this.activity = activity;
    if (!this.#open && !this.moving) this.seenAs = null; // the next visit is another's
    const ends = activity.visits.map((visit) => (visit.end ? Date.parse(visit.end) : 0)).filter(Boolean);
    if (ends.length > 0) this.quietSince = Math.max(this.quietSince ?? 0, ...ends);
  }

  /** The hour before `now` (server's clock): its `visits`, newest first, how many in `all`, its near `misses`. */
  hour(now) {
    const { bins = [], bin_s: binSeconds = 0, visits: told = [], visits_total: total = 0 } = this.activity ?? {};
    const visits = told.filter((visit) => !visit.end || Date.parse(visit.end) > now - HOUR_MS);
    const misses = bins
      .filter((bin) => Date.parse(bin.start) + binSeconds * 1000 > now - HOUR_MS)
      .reduce((sum, bin) => sum + bin.near_misses, 0);
    const all = visits.length < TOLD ? visits.length : Math.max(visits.length, total);
    return { visits, all, misses };
  }

  #still() {
    this.moving = false;
    this.regions = [];
  }
}

/** All cameras in the server's order. Events: `list`, `camera`, `motion`, `activity`; the last three carry the camera as detail. */
export class Cameras extends EventTarget {
  #byId = new Map();
  #fetches = new Map();

  get all() {
    return [...this.#byId.values()];
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** Takes one message of the socket. */
  hear(message) {
    if (message.type === "hello") this.#hello(message.cameras);
    else if (message.type === "camera") this.changed(message.camera);
    else if (message.type === "activity") this.refetch(message.camera);
    else if (message.type === "motion") {
      const camera = this.get(message.camera);
      if (!camera) return;
      camera.decide(message);
      this.#tell("motion", camera);
    }
  }

  /** Takes a camera as the server has just told it, also in the answer to a change. */
  changed(info) {
    const camera = this.get(info.id);
    if (!camera) return;
    camera.update(info);
    this.#tell("camera", camera);
  }

  tick(serverNow) {
    for (const camera of this.all) if (camera.tick(serverNow)) this.#tell("motion", camera);
  }

  /** Fetches the last hour of a camera; calls that come while one runs are answered by one more. */
  refetch(id) {
    const fetch = this.#fetches.get(id);
    if (fetch) {
      fetch.again = true;
      return;
    }
    const mine = { again: false };
    this.#fetches.set(id, mine);
    this.#fetch(id).finally(() =>
      setTimeout(() => {
        this.#fetches.delete(id);
        if (mine.again && !document.hidden) this.refetch(id);
      }, REFETCH_MS),
    );
  }

  refetchAll() {
    for (const camera of this.all) this.refetch(camera.id);
  }

  async #fetch(id) {
    try {
      const activity = await getJson(cameraPath(id, "/activity"));
      const camera = this.get(id);
      if (!camera) return;
      camera.learn(activity);
      this.#tell("activity", camera);
    } catch {
      // the banner tells of a lost connection; the last hour is asked for again with the next word
    }
  }

  #hello(infos) {
    const old = this.#byId;
    this.#byId = new Map(
      infos.map((info) => {
        const camera = old.get(info.id) ?? new Camera(info);
        camera.forget();
        camera.update(info, true);
        return [info.id, camera];
      }),
    );
    this.dispatchEvent(new Event("list"));
    this.refetchAll();
  }

  #tell(type, camera) {
    this.dispatchEvent(new CustomEvent(type, { detail: camera }));
  }
}
