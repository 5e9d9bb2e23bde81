// The settings of one camera as a form: checked on leaving a field, kept as typed, applied together, in words when each holds.

import { cameraPath, patch } from "../api.js";
import { attr, el, rich, text } from "../dom.js";
import { sayState, showToast } from "../notice.js";
import * as words from "../words/settings.js";
import { Control } from "./control.js";
import { complain } from "./fields.js";

export class SettingsForm {
  #cameras;
  #camera = null;
  #groups;
  #controls;
  #busy = false;
  #pending = el("p", { class: "s note", hidden: true }, words.PENDING);
  #wrong = el("p", { class: "wrong s", role: "alert", hidden: true });
  #apply = el("button", { type: "submit", class: "btn first" }, words.apply(0));
  #back = el("button", { class: "btn quiet", on: { click: () => this.#undo() } }, "Back to what holds");
  node;

  constructor(cameras) {
    this.#cameras = cameras;
    this.#groups = words.GROUPS.map((group) => {
      const controls = group.fields.map((spec) => new Control(spec, () => this.#count()));
      const when = el("p", { class: "s faint" });
      const node = el(
        "fieldset",
        {},
        el("legend", { class: "h" }, group.name),
        when,
        controls.map(({ node: row }) => row),
      );
      return { group, controls, when, node };
    });
    this.#controls = this.#groups.flatMap(({ controls }) => controls);
    this.node = el(
      "form",
      {
        class: "panel settings",
        "aria-label": "Settings",
        novalidate: true,
        on: { submit: (event) => this.#submit(event) },
      },
      el("h2", { class: "h" }, "Settings"),
      this.#pending,
      el(
        "div",
        { class: "groups" },
        this.#groups.map(({ node }) => node),
      ),
      this.#wrong,
      el("div", { class: "apply" }, this.#apply, this.#back),
    );
  }

  /** Whether something is typed that is not applied. */
  get dirty() {
    return this.#controls.some((control) => control.changed);
  }

  /** Shows what holds; what is being typed is kept, unless it is another camera's. */
  show(camera) {
    const another = camera !== this.#camera;
    this.#camera = camera;
    const { info } = camera;
    for (const { group, controls, when, node } of this.#groups) {
      text(when, group.when(info));
      for (const control of controls) control.show(info, another);
      node.hidden = controls.every((control) => control.node.hidden);
    }
    this.#pending.hidden = !info.restart_pending;
    if (another) this.#wrong.hidden = true;
    this.#count();
  }

  #count() {
    const changed = this.#controls.filter((control) => control.changed).length;
    text(this.#apply, words.apply(changed));
    attr(this.#apply, "aria-disabled", changed === 0 || this.#busy ? "true" : null);
    this.#back.hidden = changed === 0;
  }

  /** Back to what holds. */
  reset() {
    for (const control of this.#controls) control.show(this.#camera.info, true);
    this.#wrong.hidden = true;
    this.#count();
  }

  #undo() {
    this.reset();
    this.#apply.focus();
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const changed = this.#controls.filter((control) => control.changed);
    const wrong = changed.filter((control) => !control.check());
    if (changed.length === 0) return;
    if (wrong.length > 0) return wrong[0].focus();
    this.#busy = true;
    this.#wrong.hidden = true;
    this.#count();
    const camera = this.#camera;
    try {
      const { camera: info, restart_required: restart } = await patch(cameraPath(camera.id), body(changed));
      for (const control of changed) control.settle();
      if (info) this.#cameras.changed(info);
      showToast(words.applied(restart));
    } catch (error) {
      if (camera === this.#camera) this.#refused(error);
    } finally {
      this.#busy = false;
      this.#count();
    }
  }

  /** At the field that is at fault, where the server names one; else below the form. */
  #refused(error) {
    const control = this.#controls.find(
      ({ key }) => key === error.field || key.endsWith(`.${error.field}`) || error.field.endsWith(`.${key}`),
    );
    if (!control || error.field === "") {
      rich(this.#wrong, error.message);
      this.#wrong.hidden = false;
      return;
    }
    complain(control.node, error.by ? words.locked(error.by) : error.message);
    sayState(error.message);
    control.focus();
  }
}

/** The patch of what was changed; what lies in a group goes into one. */
function body(controls) {
  const all = {};
  for (const { key, value } of controls) {
    const [group, name] = key.split(".");
    if (name === undefined) all[group] = value;
    else (all[group] ??= {})[name] = value;
  }
  return all;
}
