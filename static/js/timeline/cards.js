// The visits of a day as posters, in the sections of the day. A card has a fixed place: what is new takes the first one and the
// others' contents move on, so that nothing jumps.

import { cameraPath, url } from "../api.js";
import { attr, el, icon, keyed, setIcon, svg, text } from "../dom.js";
import { isOpen } from "../events/model.js";
import * as said from "../events/words.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";

const SECTIONS = ["The night before", "Morning", "Afternoon", "Evening"];
const HOURS = 6;
const EVEN = 3; // points on either side
const sectionAt = (when) => Math.floor(new Date(when).getHours() / HOURS);
const hour = (n) => `${String(n).padStart(2, "0")}:00`;

export class Cards {
  node = el("div", { class: "posters" });

  /** Shows `events`, newest first; `nameOf(camera)`, `now` is the time if it is of this day, else null. */
  show(events, nameOf, now) {
    const held = this.node.contains(document.activeElement) ? document.activeElement.dataset.event : null;
    const present = now === null ? null : sectionAt(now);
    const items = [];
    let section = null;
    let place = 0;
    for (const event of events) {
      const here = sectionAt(event.start_time);
      if (here !== section) {
        items.push({ key: `s${here}`, section: here, goesOn: here === present });
        place = 0;
      }
      section = here;
      items.push({ key: `${here} ${(place += 1)}`, event });
    }
    keyed(
      this.node,
      items,
      ({ key }) => key,
      ({ event }) => (event ? makeCard() : el("div", { class: "part" }, el("h2", { class: "voice l" }), el("span"))),
      (node, item) => (item.event ? writeCard(node, item.event, nameOf) : writePart(node, item)),
    );
    const focused = held && document.activeElement.dataset?.event !== held && this.card(held);
    if (focused) focused.focus({ preventScroll: true });
  }

  /** Marks the card of the visit at the playhead; none for null. */
  choose(id) {
    const card = id ? this.card(id) : null;
    for (const old of this.node.querySelectorAll("[aria-current]")) if (old !== card) attr(old, "aria-current", null);
    if (card) attr(card, "aria-current", true);
  }

  /** The card of an event, or null. */
  card(id) {
    return this.node.querySelector(`[data-event="${CSS.escape(id)}"]`);
  }
}

function writePart(node, { section, goesOn }) {
  const [title, span] = node.children;
  text(title, SECTIONS[section]);
  attr(span, "class", "s faint");
  text(span, goesOn ? `since ${hour(section * HOURS)}` : `${hour(section * HOURS)} to ${hour((section + 1) * HOURS)}`);
}

function makeCard() {
  return el(
    "a",
    { class: "poster" },
    el(
      "span",
      { class: "pic" },
      el("span", { class: "pic" }),
      svg("svg", { class: "over", preserveAspectRatio: "xMidYMid slice" }, svg("path", { class: "trail" })),
      el("span", { class: "dur" }),
      icon("star"),
    ),
    el(
      "span",
      { class: "c" },
      icon("unknown", true),
      el("b"),
      el("span", { class: "dot new" }),
      icon("up", true),
      el("time"),
    ),
    el("span", { class: "d" }),
  );
}

function writeCard(card, event, nameOf) {
  const [picture, caption, deed] = card.children;
  const [frame, over, length, star] = picture.children;
  const [glyph, label, dot, way, time] = caption.children;
  const camera = nameOf(event.camera);
  card.dataset.event = event.id;
  attr(card, "href", addressOf("event", event.id));
  attr(card, "data-open", isOpen(event));
  const { width, height } = event.size;
  attr(over, "viewBox", `0 0 ${width} ${height}`);
  attr(over.firstChild, "d", showPicture(frame, event) && trailOf(event));
  text(length, said.lengthOf(event));
  star.toggleAttribute("hidden", !event.favourite);
  star.setAttribute("class", "ico star");
  setIcon(glyph, words.labelIcon(event.label));
  text(label, words.labelName(event.label));
  dot.hidden = event.seen;
  const kept = said.kept(event);
  way.toggleAttribute("hidden", !kept);
  attr(way, "class", `ico s ${kept}`);
  text(time, words.time(event.start_time));
  attr(time, "datetime", event.start_time);
  text(deed, `${camera}. ${said.deedOf(event)}.`);
  const marks = [event.favourite && "Favourite.", !event.seen && "Not looked at.", said.KEPT[kept]]
    .filter(Boolean)
    .join(" ");
  attr(card, "aria-label", `${said.altOf(event, camera)} ${isOpen(event) ? "" : `${said.lengthOf(event)}. `}${marks}`);
}

/** The trail as a path in the picture's pixels: evened out, since a mover's middle jumps with its parts. */
function trailOf({ trail, size }) {
  if (trail.length < 2) return null;
  const middle = (i, axis) => {
    const near = trail.slice(Math.max(0, i - EVEN), i + EVEN + 1);
    return near.reduce((sum, point) => sum + point[axis], 0) / near.length;
  };
  return `M${trail.map((_, i) => `${Math.round(middle(i, 0) * size.width)} ${Math.round(middle(i, 1) * size.height)}`).join("L")}`;
}

/**
 * The poster, or the class as an icon where there is none yet; written only when it is another one. Returns whether there is a
 * picture.
 */
export function showPicture(frame, event, lazy = true) {
  const { poster, thumb } = event.pictures;
  const now = isOpen(event) && cameraPath(event.camera, `/snapshot.jpg?${event.id}`); // once an event
  const source = poster ?? thumb ?? (now || null);
  const wanted = source ?? event.label;
  if (frame.dataset.shown === wanted) return Boolean(source);
  frame.dataset.shown = wanted;
  frame.classList.toggle("none", !source);
  const stand = () => icon(words.labelIcon(event.label));
  if (!source) {
    frame.replaceChildren(stand());
    return false;
  }
  const image = el("img", { width: 640, height: 360, alt: "", loading: lazy && "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(stand()), { once: true });
  image.src = url(source).href;
  frame.replaceChildren(image);
  return true;
}
