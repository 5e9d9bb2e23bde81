// The controls under the large picture: overlays, armed, sensitivity. A change shows at once and is taken back if the server refuses.

import { cameraPath, patch } from "../api.js";
import { attr, el, icon, text } from "../dom.js";
import { showToast } from "../notice.js";
import { onPref, prefs, setPref } from "../prefs.js";
import * as words from "../words.js";
import { showKeys } from "./keys.js";

const LOWEST = 5;
const HIGHEST = 100;
const SETTLE_MS = 400; // arrow keys fire a change each; the server gets the last
const sensitivityOf = (threshold) => 105 - threshold;

export class Tools {
  #cameras;
  #camera = null;
  #toggles = {};
  #switch;
  #slider;
  #output = el("span", { class: "value", "aria-hidden": "true" });
  #help = el("span", { class: "help", "aria-hidden": "true" }); // the same is said to a screen reader by the value text
  #settle = 0;
  #wanted = null; // the change that goes out next
  #sent = null; // the change the server is being asked for
  node;

  constructor(cameras) {
    this.#cameras = cameras;
    const toggle = (name, word, key) =>
      (this.#toggles[name] = el(
        "button",
        { "aria-keyshortcuts": key, on: { click: () => setPref(name, !prefs[name]) } },
        icon(name === "boxes" ? "box" : name, true),
        word,
      ));
    this.#switch = el(
      "button",
      { class: "switch", role: "switch", on: { click: () => this.#arm() } },
      el("i", { "aria-hidden": "true" }),
      "Armed",
    );
    this.#slider = el("input", {
      type: "range",
      id: "sensitivity",
      min: LOWEST,
      max: HIGHEST,
      step: 1,
      on: { input: () => this.#slid(), change: () => this.#settleSoon() },
    });
    this.node = el(
      "div",
      { class: "tools" },
      el(
        "div",
        { class: "seg", role: "group", "aria-label": "Draw over the picture" },
        toggle("boxes", "Boxes", "b"),
        toggle("trail", "Trail", "t"),
        toggle("zones", "Zones", "z"),
      ),
      this.#switch,
      el("button", { class: "btn quiet keys", on: { click: showKeys } }, icon("keys", true), "Keys"),
      el(
        "label",
        { class: "sens push", for: "sensitivity" },
        el("span", {}, "Sensitivity"),
        this.#slider,
        this.#output,
        this.#help,
      ),
    );
    onPref(() => this.#overlays());
    this.#overlays();
  }

  /** Shows the settings of a camera; a control that is being moved is left alone. */
  show(camera) {
    if (camera !== this.#camera) this.#flush();
    this.#camera = camera;
    if (!camera) return;
    const { enabled, threshold } = camera.info.motion;
    attr(this.#switch, "aria-checked", String(this.#pending("enabled") ?? enabled));
    attr(this.#switch, "aria-label", `Armed: watch ${camera.name} for motion`);
    if (this.#settle === 0 && this.#pending("threshold") === undefined && !this.#slider.matches(":active"))
      this.#setSlider(sensitivityOf(threshold));
  }

  #pending(key) {
    const of = (change) => (change?.camera === this.#camera ? change.motion[key] : undefined);
    return of(this.#wanted) ?? of(this.#sent);
  }

  #overlays() {
    for (const [name, button] of Object.entries(this.#toggles)) attr(button, "aria-pressed", String(prefs[name]));
  }

  #setSlider(value) {
    this.#slider.value = value;
    this.#slid();
  }

  #slid() {
    const value = Number(this.#slider.value);
    this.#slider.style.setProperty("--v", `${((value - LOWEST) / (HIGHEST - LOWEST)) * 100}%`);
    attr(this.#slider, "aria-valuetext", words.sensitivity(value));
    text(this.#help, `Right notices more. ${value} is threshold ${105 - value}.`);
    text(this.#output, String(value));
  }

  #arm() {
    const enabled = this.#switch.getAttribute("aria-checked") !== "true";
    attr(this.#switch, "aria-checked", String(enabled));
    this.#want({ enabled });
  }

  #settleSoon() {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#flush(), SETTLE_MS);
  }

  #flush() {
    if (this.#settle === 0) return;
    clearTimeout(this.#settle);
    this.#settle = 0;
    this.#want({ threshold: sensitivityOf(Number(this.#slider.value)) });
  }

  /** One change at a time; what is wanted meanwhile goes out together after it. */
  #want(motion) {
    if (!this.#camera) return;
    const same = this.#wanted?.camera === this.#camera;
    this.#wanted = { camera: this.#camera, motion: { ...(same ? this.#wanted.motion : {}), ...motion } };
    if (!this.#sent) this.#send();
  }

  async #send() {
    while (this.#wanted) {
      const { camera, motion } = (this.#sent = this.#wanted);
      this.#wanted = null;
      try {
        const { camera: info } = await patch(cameraPath(camera.id), { motion });
        if (info) this.#cameras.changed(info);
      } catch (error) {
        showToast(`${camera.name} stays as it was. ${error.message}`, error.requestId);
      }
    }
    this.#sent = null;
    this.show(this.#camera); // what the server holds is what the controls show, also after a refusal
  }
}
