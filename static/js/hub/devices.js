// What the hub knows of its devices and their cameras, asked for again and again. Stands where a camera server has its live model:
// events `list` (they are others, or stand differently) and `word` (the hub answers again, or no longer).

import { getJson } from "../api.js";

const ASK_MS = 10_000;
const RETRY_MS = 4_000;

/** How the hub writes the name of a device in the names of its cameras. */
const slug = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

class Camera {
  constructor(device, { id, name, state, problems = [] }) {
    this.device = device;
    this.id = id;
    this.own = name || id;
    this.name = this.own;
    this.state = state;
    this.problems = problems; // its own; those of all of its device are the device's
  }

  /** Nobody hears its device, or its device has lost it. */
  get lost() {
    return !this.device.online || this.state === "lost";
  }

  get watching() {
    return this.device.online && (this.state === "live" || this.state === null);
  }
}

export class Devices extends EventTarget {
  #byId = new Map();
  #askAt = 0;
  #asking = false;
  #ahead = 0; // of this clock, the hub's
  devices = [];
  /** What the hub says of itself, or null before the first word. */
  hub = null;
  /** Why nothing is heard, as an error of the API, or null. */
  error = null;
  heardAt = null;
  clock = { now: () => Date.now() + this.#ahead };

  get all() {
    return [...this.#byId.values()];
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** Once a second; `soon`: whatever was asked last. */
  tick(soon = false) {
    if (!this.#asking && (soon || performance.now() >= this.#askAt)) void this.#ask();
  }

  async #ask() {
    this.#asking = true;
    try {
      const [hub, { devices }] = await Promise.all([getJson("api/v1/hub"), getJson("api/v1/devices")]);
      const off = Date.parse(hub.now) - Date.now();
      this.#ahead = Math.abs(off) > 1_500 ? off : 0; // it tells whole seconds
      this.hub = hub;
      this.#take(devices);
      this.#askAt = performance.now() + ASK_MS;
      this.heardAt = performance.now();
      this.#tell(null);
      this.dispatchEvent(new Event("list"));
    } catch (error) {
      this.#askAt = performance.now() + RETRY_MS;
      this.#tell(error);
    } finally {
      this.#asking = false;
    }
  }

  #tell(error) {
    this.error = error;
    this.dispatchEvent(new Event("word"));
  }

  #take(devices) {
    this.devices = devices;
    const cameras = devices.flatMap((device) =>
      (device.cameras.length > 0 ? device.cameras : [{ id: slug(device.name), name: device.name, state: null }]).map(
        (camera) => new Camera(device, camera),
      ),
    );
    for (const camera of cameras) {
      const twins = cameras.filter(({ own }) => own === camera.own).length > 1;
      const { name, cameras: beside } = camera.device;
      if (twins) camera.name = beside.length > 1 ? `${camera.own}, ${name}` : name;
    }
    this.#byId = new Map(cameras.map((camera) => [camera.id, camera]));
  }
}
