// HTTP to the server that served this page. All paths are relative to the page's root, so that a proxy may put it under any prefix.

import { sentenceOf } from "./words.js";

const PATIENCE_MS = 10_000;
/** Where the page lies: this file is js/api.js below it. The address bar may be deeper, in one of the views. */
const ROOT = new URL("../", import.meta.url);

/** The key that opened the page may look, but not change anything. */
export const LOOKS = document.documentElement.dataset.may === "look";

/** An answer that is not a success, in words a user can read; `requestId` belongs behind "Details", `field` is at fault. */
export class ApiError extends Error {
  constructor(words, { status = 0, code = "", requestId = "", field = "", by = "" } = {}) {
    super(words);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.field = field;
    /** What shadows the field, after a 409. */
    this.by = by;
  }
}

/**
 * A path of the server (with or without a leading slash) as a URL below the page's own. Without the user and password the
 * page may have been opened with: `fetch` refuses them, and they have no business in an address; the browser sends them itself.
 */
export function url(path) {
  const below = new URL(path.replace(/^\/+/, ""), ROOT);
  below.username = below.password = "";
  return below;
}

/** The path of a camera, as `api/v1/cameras/{id}{rest}`. */
export function cameraPath(id, rest = "") {
  return `api/v1/cameras/${encodeURIComponent(id)}${rest}`;
}

/** The address of the live WebSocket. */
export function liveUrl() {
  const live = url("api/v1/live");
  live.protocol = live.protocol === "https:" ? "wss:" : "ws:";
  return live;
}

export const getJson = async (path) => (await ask(path)).json();
export const getBlob = async (path) => (await ask(path)).blob();
export const post = (path, body) => send("POST", path, body);
export const patch = async (path, body) => (await send("PATCH", path, body)).json();

/** Sends `body` as JSON, if there is one; `more` are options of fetch, such as `keepalive` for what is said while leaving. */
export const send = (method, path, body, more = {}) =>
  ask(path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    ...more,
  });

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(url(path), { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (cause) {
    throw new ApiError(
      cause?.name === "TimeoutError"
        ? "Nightjar took too long to answer. Try again."
        : "Nightjar cannot be reached just now. Try again in a moment.",
    );
  }
  if (answer.ok) return answer;
  throw await failure(answer);
}

async function failure(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // not every proxy speaks problem+json; the status alone must do
  }
  const requestId = problem.request_id ?? answer.headers.get("x-request-id") ?? "";
  const { code = "", field = "", by = "" } = problem;
  return new ApiError(words(answer.status, problem), { status: answer.status, code, requestId, field, by });
}

function words(status, problem) {
  if (status === 401)
    return "Nightjar asks for a key. Load this page again and give it as the password; any user name will do.";
  if (status === 403 && !problem.detail) return "This key may look, but not change anything.";
  if (typeof problem.detail === "string" && problem.detail) return sentenceOf(problem.detail);
  if (typeof problem.title === "string" && problem.title) return sentenceOf(problem.title);
  if (status >= 500) return "Nightjar could not do that just now. Try again in a moment.";
  return "Nightjar did not accept that.";
}
