// What this browser remembers: overlays, single keys, the pinned camera. Nothing here reaches the server.

const KEY = "nightjar.prefs";
const DEFAULTS = { boxes: true, trail: true, zones: false, keys: true, pinned: null };

function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...(stored && typeof stored === "object" ? stored : {}) };
  } catch {
    return { ...DEFAULTS };
  }
}

const values = load();
const listeners = new Set();

/** The preferences as they are now; read only. */
export const prefs = values;

/** Changes one preference, remembers it where storage is allowed, and tells who listens. */
export function setPref(name, value) {
  if (values[name] === value) return;
  values[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // storage may be forbidden or full; the choice then holds until the page is closed
  }
  for (const listener of listeners) listener(name, value);
}

/** Calls `listener(name, value)` after every change. */
export function onPref(listener) {
  listeners.add(listener);
}
