// The Storage place of a hub: how full the disk is and when it will be, what lets visits go, and which device takes how much.

import { getJson } from "../api.js";
import { attr, el, keyed, text } from "../dom.js";
import { fullIn, size } from "../events/words.js";
import * as words from "../words.js";
import * as said from "./words.js";

const AGAIN_MS = 10_000;

export class DiskPlace {
  name = "disk";
  title = "Storage";
  heading = null; // it has one of its own
  keys = {};
  #devices;
  #storage = null;
  #askedAt = 0;
  #title = el("h1", { class: "voice" }, "Storage");
  #sub = el("p", { class: "s mute" });
  #meter = el("div", { class: "meter", role: "img", "aria-label": "Disk" }, el("i", { class: "b" }), el("i"), el("i", { class: "c" }));
  #legend = el("ul", { class: "legend s" });
  #figures = el("p", { class: "s mute" });
  #rows = el("ul", { class: "uses" });
  #none = el("p", { class: "s mute none" }, "No device has sent anything yet.");
  #body = el(
    "div",
    { class: "disk-of", hidden: true },
    el("section", { class: "panel", "aria-label": "Disk" }, this.#meter, this.#legend, this.#figures),
    el(
      "section",
      { class: "panel", "aria-label": "Devices" },
      el("h2", { class: "h" }, "By device"),
      this.#rows,
      this.#none,
    ),
  );
  node = el("div", {}, el("div", { class: "uphead" }, el("div", {}, this.#title, this.#sub)), this.#body);

  constructor(devices) {
    this.#devices = devices;
  }

  enter() {
    this.#askedAt = performance.now();
    void this.#ask();
    this.#show();
  }

  leave() {}

  listed() {
    this.#show();
  }

  tick() {
    if (performance.now() - this.#askedAt < AGAIN_MS) return;
    this.#askedAt = performance.now();
    void this.#ask();
  }

  async #ask() {
    try {
      this.#storage = await getJson("api/v1/storage");
      this.#show();
    } catch {
      // the banner tells of a hub that does not answer
    }
  }

  #show() {
    if (!this.#storage) return; // all at once: nothing moves under the eye
    this.#disk(this.#storage);
    this.#body.hidden = false;
    const devices = [...this.#devices.devices].sort((a, b) => b.kept.bytes - a.kept.bytes);
    this.#none.hidden = devices.length > 0;
    const most = Math.max(1, ...devices.map(({ kept }) => kept.quota_bytes ?? kept.bytes));
    keyed(
      this.#rows,
      devices,
      ({ id }) => id,
      () =>
        el(
          "li",
          {},
          el("b"),
          el("span", { class: "use" }, el("span", { class: "meter", "aria-hidden": "true" }, el("i"))),
          el("span", { class: "much" }),
          el("span", { class: "s faint" }),
        ),
      (row, device) => {
        const [name, use, much, note] = row.children;
        const { bytes, quota_bytes: quota } = device.kept;
        text(name, device.name);
        use.firstChild.style.width = `${Math.max(2, (100 * (quota ?? most)) / most)}%`;
        use.firstChild.firstChild.style.width = `${(100 * Math.min(1, bytes / (quota || most))).toFixed(1)}%`;
        attr(row, "data-full", quota !== null && bytes >= 0.95 * quota);
        text(much, `${size(bytes)}${quota === null ? "" : ` of ${size(quota)}`}`);
        text(note, said.use(device));
      },
    );
  }

  #disk({ events: kept, favourites, bytes, disk, retention, forecast, problem, quarantined }) {
    const used = disk.total - disk.free;
    const parts = [bytes.clips, bytes.pictures + bytes.index, 0];
    parts[2] = Math.max(0, used - parts[0] - parts[1]);
    [...this.#meter.children].forEach(
      (part, i) => (part.style.width = `${disk.total ? (100 * parts[i]) / disk.total : 0}%`),
    );
    attr(this.#meter, "aria-label", `Disk ${disk.total ? Math.round((100 * used) / disk.total) : 0} percent full`);
    text(this.#title, problem ? problem.what : fullIn(forecast).replace(/^Disk$/, "Storage"));
    text(this.#sub, problem?.mend ?? forecast?.sentence ?? "When it is full is known after a day of receiving.");
    const names = ["Clips", "Pictures and index", "Other files"];
    keyed(
      this.#legend,
      [...parts, disk.free].map((part, i) => [names[i] ?? "Free", part]),
      ([name]) => name,
      ([name]) => el("li", {}, el("i", { "aria-hidden": "true" }), `${name} `, el("b")),
      (item, [, part]) => text(item.lastChild, size(part)),
    );
    const sentences = [
      `${words.count(kept, "visit").replace(/^no/, "No")} ${kept === 1 ? "is" : "are"} kept, ${words.count(favourites, "favourite")} among them.`,
      said.limits(retention),
      quarantined > 0 &&
        `${words.count(quarantined, "visit")} could not be repaired and ${quarantined === 1 ? "was" : "were"} put aside.`,
    ];
    text(this.#figures, sentences.filter(Boolean).join(" "));
  }
}
