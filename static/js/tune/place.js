// The Tune place: one camera's picture with its zones drawn on it, and its settings. The picture moves on while one draws, and
// what the zones as drawn would hold back is drawn faintly before anything is saved.

import { cameraPath, patch } from "../api.js";
import { Crumb } from "../crumb.js";
import { el, icon, rich, text } from "../dom.js";
import { Staged } from "../live/stage.js";
import { sayState, showToast } from "../notice.js";
import { addressOf } from "../router.js";
import * as words from "../words/zones.js";
import { locked } from "../words/settings.js";
import { Draft, holdsBack } from "./draft.js";
import { Editor } from "./editor.js";
import { SettingsForm } from "./form.js";
import { ZoneEditList } from "./list.js";

export class TunePlace extends Staged {
  name = "tune";
  heading = null; // it has one of its own
  #cameras;
  #id = null;
  #drawnOn = null; // the camera that the draft is of
  #busy = false;
  #draft = new Draft();
  #editor = new Editor(this.#draft);
  #list = new ZoneEditList(this.#draft);
  #form;
  #crumb;
  #slot = el("div", { class: "slot" });
  #note = el("p", { class: "s note", hidden: true });
  #wrong = el("p", { class: "wrong s", role: "alert", hidden: true });
  #save = el("button", { class: "btn first", on: { click: () => this.#keep() } }, "Save zones");
  #undo = el(
    "button",
    { class: "btn", "aria-keyshortcuts": "Control+Z", on: { click: () => this.#draft.undo() } },
    icon("undo", true),
    "Undo",
  );
  #cancel = el("button", { class: "btn quiet", on: { click: () => this.#dismiss() } }, "Cancel");
  #foot = el("div", { class: "apply" }, this.#save, this.#undo, this.#cancel);
  #view = el("a", { class: "btn", "aria-label": "View this camera" }, icon("open", true), el("span", {}, "View"));
  #body;
  node;

  constructor(cameras, socket, router) {
    super(cameras, socket);
    this.#cameras = cameras;
    this.#form = new SettingsForm(cameras);
    this.#crumb = new Crumb("tune", router, this.#view);
    this.#body = this.#layout();
    this.node = el(
      "div",
      { on: { keydown: (event) => this.#key(event) } },
      this.#crumb.node,
      this.#crumb.unknown,
      this.#body,
    );
    this.#draft.addEventListener("change", () => this.#drawn());
    addEventListener("beforeunload", (event) => {
      if (this.#id !== null && (this.#draft.dirty || this.#form.dirty)) event.preventDefault();
    });
  }

  #layout() {
    const make = el(
      "button",
      { class: "btn quiet", on: { click: () => this.#list.focusName(this.#draft.addZone()) } },
      icon("plus", true),
      "New zone",
    );
    return el(
      "div",
      { class: "live tune" },
      el("div", { class: "large" }, el("div", { class: "stagebox" }, this.#slot, this.#editor.node), this.#editor.help),
      el(
        "aside",
        { class: "side", "aria-label": "Zones and settings" },
        el(
          "section",
          { class: "panel", "aria-label": "Zones" },
          el("div", { class: "between" }, el("h2", { class: "h" }, "Zones"), make),
          this.#list.node,
          this.#note,
          this.#wrong,
          this.#foot,
        ),
      ),
      this.#form.node,
    );
  }

  get #camera() {
    return this.#cameras.get(this.#id) ?? null;
  }

  get title() {
    return this.#camera ? `Tune ${this.#camera.name}` : "Tune";
  }

  get #tile() {
    return this.stage.tiles.get(this.#id);
  }

  /** Asked before a link leads away from what is not saved. */
  mayLeave() {
    if (!this.#draft.dirty && !this.#form.dirty) return true;
    if (!confirm("What you changed here is not saved. Leave it?")) return false;
    this.#draft.cancel();
    this.#form.reset();
    return true;
  }

  enter(id) {
    const wanted = id ?? this.#cameras.all[0]?.id ?? null;
    const again = wanted === this.#drawnOn && this.#draft.dirty; // Back led away from it
    this.#id = this.#drawnOn = wanted;
    if (!again) {
      this.#draft.selected = null;
      this.#draft.load(this.#camera?.zones ?? []);
    }
    this.listed();
    this.stage.watch.active(true);
  }

  leave() {
    super.leave();
    this.#id = null;
  }

  silent(yes) {
    this.stage.hush(yes, this.#body);
  }

  tick() {
    this.stage.tick();
  }

  listed() {
    this.stage.prune();
    const camera = this.#camera;
    this.#body.hidden = this.#view.hidden = camera === null;
    this.#crumb.show("Tune", this.#cameras.all, this.#id);
    if (!camera) return;
    const tile = this.only(camera, this.#slot);
    tile.drawZones(false);
    tile.onPlaced = (frame, at) => this.#editor.place(frame, at);
    tile.faint((box) => this.#draft.dirty && holdsBack(this.#draft.plain, box));
    this.#view.href = addressOf("camera", camera.id);
    tile.refresh();
    tile.resized();
    this.changed(camera);
  }

  changed(camera) {
    if (camera.id !== this.#id) return;
    this.#tile?.refresh();
    this.#form.show(camera);
    if (!this.#draft.dirty && this.#draft.overtaken(camera.zones)) this.#draft.load(camera.zones);
    this.#crumb.show("Tune", this.#cameras.all, this.#id);
    this.#drawn();
  }

  moved(camera) {
    if (camera.id === this.#id) this.#tile?.moved();
  }

  learnt(camera) {
    if (camera.id === this.#id) this.#tile?.refresh();
  }

  /** The draft or what the server holds has changed. */
  #drawn() {
    const camera = this.#camera;
    if (!camera) return;
    const { dirty, undoable } = this.#draft;
    const by = camera.info.locked?.zones;
    const note = by
      ? locked(by)
      : dirty && this.#draft.overtaken(camera.zones)
        ? words.OVERTAKEN
        : words.unsaved(dirty);
    text(this.#note, note);
    this.#note.hidden = note === "";
    this.#foot.hidden = !dirty && !undoable;
    this.#save.toggleAttribute("disabled", !dirty || this.#busy || Boolean(by));
    this.#undo.toggleAttribute("disabled", !undoable);
    this.#tile?.moved();
  }

  #dismiss() {
    this.#draft.cancel();
    if (this.#camera && this.#draft.overtaken(this.#camera.zones)) this.#draft.load(this.#camera.zones);
    this.#wrong.hidden = true;
    this.#list.focusRow(0);
  }

  #key(event) {
    if (
      !(event.ctrlKey || event.metaKey) ||
      event.key.toLowerCase() !== "z" ||
      event.target.closest("input:not([type=radio], [type=range])")
    )
      return;
    event.preventDefault();
    this.#draft.undo();
  }

  async #keep() {
    const camera = this.#camera;
    if (!camera || this.#busy) return;
    this.#busy = true;
    this.#wrong.hidden = true;
    this.#drawn();
    const sent = this.#draft.plain;
    try {
      const { camera: info } = await patch(cameraPath(camera.id), { zones: sent });
      if (camera !== this.#camera) return;
      this.#draft.kept(sent, info?.zones ?? sent);
      if (info) this.#cameras.changed(info);
      showToast(words.SAVED);
    } catch (error) {
      if (camera === this.#camera) this.#refused(error);
    } finally {
      this.#busy = false;
      this.#drawn();
    }
  }

  /** At the zone and the field that the server names, else above the buttons. */
  #refused(error) {
    const [, i, key = "points"] = /^zones\[(\d+)\](?:\.(\w+))?/.exec(error.field) ?? [];
    const message = error.by ? locked(error.by) : error.message;
    sayState(message);
    if (i !== undefined && this.#list.complain(Number(i), key, message)) return;
    rich(this.#wrong, message);
    this.#wrong.hidden = false;
  }
}
