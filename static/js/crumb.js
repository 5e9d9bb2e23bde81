// The head of a view of one camera: back, the heading, and the way to the other cameras.

import { attr, el, icon, keyed, text } from "./dom.js";
import { addressOf } from "./router.js";

const IN_A_ROW = 4;

export class Crumb {
  #place;
  #back = el("a", { class: "btn quiet", href: addressOf("live") }, icon("prev", true), "Live");
  #title = el("h1", { class: "voice" });
  #links = el("nav", { class: "seg", "aria-label": "Cameras" });
  #menu;
  node;
  /** Stands in the place of what there is of a camera that is not there. */
  unknown = el(
    "div",
    { class: "empty", hidden: true },
    el("h2", { class: "voice" }, "There is no such camera"),
    el("p", { class: "s mute" }, "Its name may have changed. All cameras stand in the live view."),
  );

  /** `place` is whose addresses the links have; `actions` stand at the end. */
  constructor(place, router, ...actions) {
    this.#place = place;
    this.#menu = el("select", {
      "aria-label": "Camera",
      class: "field",
      on: { change: () => router.go(place, this.#menu.value) },
    });
    this.node = el(
      "div",
      { class: "crumb" },
      this.#back,
      this.#title,
      el("span", { class: "push" }),
      this.#links,
      this.#menu,
      ...actions,
    );
  }

  /** Shows the heading and the cameras, of which `id` is the one. */
  show(title, cameras, id) {
    text(this.#title, title);
    this.unknown.hidden = cameras.some((camera) => camera.id === id);
    const few = cameras.length <= IN_A_ROW;
    this.#links.hidden = cameras.length < 2 || !few;
    this.#menu.hidden = cameras.length < 2 || few;
    keyed(
      this.#links,
      few ? cameras : [],
      (camera) => camera.id,
      () => el("a", {}),
      (link, camera) => {
        attr(link, "href", addressOf(this.#place, camera.id));
        attr(link, "aria-current", camera.id === id ? "page" : null);
        text(link, camera.name);
      },
    );
    keyed(
      this.#menu,
      few ? [] : cameras,
      (camera) => camera.id,
      () => el("option"),
      (option, camera) => {
        attr(option, "value", camera.id);
        text(option, camera.name);
      },
    );
    if (!few) this.#menu.value = id ?? "";
  }
}
