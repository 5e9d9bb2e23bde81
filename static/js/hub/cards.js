// The cameras of a hub as cards: the newest picture, how it stands, the day's barring, what waits there and how many came today.

import { attr, bird, el, keyed, svg, text } from "../dom.js";
import { altOf } from "../events/words.js";
import { addressOf } from "../router.js";
import { showPicture } from "../timeline/cards.js";
import * as said from "./words.js";

const WIDE = 288; // five minutes a unit
const FULL_S = 150; // seconds of motion in five minutes that make the longest stroke

export class Cards {
  #open;
  node = el("div", { class: "cams" });

  /** `open(camera)` shows what else is known of one. */
  constructor(open) {
    this.#open = open;
  }

  /** Shows `cameras`; `newest` and `lanes` have what is known by camera, `now` is the hub's time. */
  show(cameras, newest, lanes, now) {
    keyed(
      this.node,
      cameras,
      ({ id }) => id,
      (camera) => this.#make(camera),
      (node, camera) => write(node, camera, newest.get(camera.id), lanes?.get(camera.id), lanes, now),
    );
  }

  #make({ id }) {
    const more = el("button", { class: "link s" }, "Details");
    more.addEventListener("click", () => this.#open(id));
    const strokes = svg("svg", { class: "bar", viewBox: `0 0 ${WIDE} 26`, preserveAspectRatio: "none", role: "img" });
    strokes.append(svg("path", { class: "t" }));
    return el(
      "article",
      { class: "cam", "data-camera": id },
      el(
        "a",
        { class: "pic", href: addressOf("timeline", null, { camera: id }) },
        el("span", { class: "pic" }),
        el("span", { class: "state" }, el("span", { class: "t" }), el("span", { class: "x" })),
      ),
      el(
        "p",
        { class: "c" },
        el("span", { class: "dot", "aria-hidden": "true" }),
        el("b"),
        el("span", { class: "push s" }),
      ),
      el("p", { class: "s wrong mend" }),
      el("p", { class: "s wrong needs" }),
      el("div", { class: "feather" }, strokes),
      el("p", { class: "m" }, el("span"), el("span"), el("span", { class: "push" })),
      el(
        "p",
        { class: "m acts-of" },
        el("a", { class: "link s", target: "_blank", rel: "noopener noreferrer" }, "Live view"),
        more,
      ),
    );
  }
}

function write(node, camera, event, lane, lanes, now) {
  const [picture, caption, below, needs, feather, meta, acts] = node.children;
  const [frame, state] = picture.children;
  const { device } = camera;
  const { word, title, mend } = said.standing(camera, now);
  const problems = device.online ? said.wrong(camera).filter((sentence) => sentence !== mend) : []; // a silent one says it there
  attr(node, "data-state", word || "well");
  if (event) showPicture(frame, event);
  else if (!frame.firstChild) frame.append(bird());
  frame.classList.toggle("none", !event);
  attr(picture, "aria-label", `${camera.name}. ${event ? `${altOf(event, camera.name)} ` : ""}${title} To its visits.`);
  state.hidden = !title;
  text(state.firstChild, title);
  text(state.lastChild, mend);
  text(below, mend); // where the picture is too small for it
  const [dot, name, newest] = caption.children;
  const health = word || (problems.length > 0 ? "bad" : "");
  attr(dot, "class", health ? "dot bad" : camera.watching ? "dot" : "dot off");
  text(name, camera.name);
  text(newest, word || (camera.watching ? said.newest(event, now) : (camera.state ?? "")));
  attr(newest, "class", word ? "push s wrong" : "push s");
  needs.hidden = problems.length === 0;
  text(needs, problems[0] ?? "");
  attr(feather.firstChild.firstChild, "d", strokes(lane));
  const visits = lane?.visits ?? 0;
  const today = lanes ? `${visits} today` : "";
  attr(feather.firstChild, "aria-label", `${camera.name}: ${today || "today"}`);
  text(meta.children[0], said.seen(device, now));
  text(meta.children[1], said.waiting(device));
  text(meta.children[2], today);
  const [live, more] = acts.children;
  const address = liveOf(device);
  live.hidden = !address;
  attr(live, "href", address);
  attr(live, "aria-label", `Live view of ${camera.name}, on its own page`);
  attr(more, "aria-label", `Details of ${camera.name}`);
}

/** Where a device is seen live, if that is an address of the web: it says so itself, and may say anything. */
export function liveOf({ live_url: address }) {
  if (!address || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === "https:" || protocol === "http:" ? href : null;
}

function strokes(lane) {
  return (lane?.bins ?? [])
    .map(([i, seconds]) => {
      const half = 2 + 10 * Math.sqrt(Math.min(1, seconds / FULL_S));
      return seconds > 0 ? `M${i + 0.5} ${(13 - half).toFixed(1)}v${(2 * half).toFixed(1)}` : "";
    })
    .join("");
}
