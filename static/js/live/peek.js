// Dialogs of the Live place: a plain one, and the larger picture of a visit. The focus returns to where it came from.

import { attr, el, icon, text } from "../dom.js";
import { url } from "../api.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";

/** Opens a modal dialog with a title; it is removed when it closes, and the focus goes back. */
export function openDialog(title, ...content) {
  const from = document.activeElement;
  const close = el("button", { class: "btn", on: { click: () => dialog.close() } }, "Close");
  const head = el("h2", { class: "voice", id: "dialog-title" }, title);
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    head,
    ...content,
    el("div", { class: "foot" }, close),
  );
  return present(dialog, () => from);
}

/** A dialog with a table; each row is a list whose first cell names it. Without rows it says `none`. */
export function openTable(title, heads, rows, none = "Nothing yet.") {
  const cells = ([name, ...rest]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...rest.map((cell) => el("td", {}, String(cell))));
  const head = el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name))));
  const body = el("table", { class: "facts" }, head, el("tbody", {}, rows.map(cells)));
  openDialog(
    title,
    rows.length > 0 ? el("div", { class: "scroll", tabindex: "0" }, body) : el("p", { class: "mute s" }, none),
  );
}

function present(dialog, home) {
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    home()?.focus?.({ preventScroll: true });
  });
  dialog.showModal();
  return dialog;
}

/** Shows `visits[at]` large; arrows and buttons go to the ones beside it. Each visit is `{ visit, camera, key, now }`. */
export function openVisit(visits, at) {
  const from = document.activeElement;
  let here = at;
  const picture = el("div", { class: "pic" });
  const title = el("h2", { class: "voice", id: "dialog-title" });
  const facts = el("p", { class: "mute s" });
  const why = el("p", { class: "s why" });
  const step = (by, label, name) =>
    el(
      "button",
      { class: "btn quiet icon", "aria-label": label, title: label, on: { click: () => go(by) } },
      icon(name),
    );
  const newer = step(-1, "Newer visit", "prev");
  const older = step(1, "Older visit", "next");
  const close = el("button", { class: "btn", on: { click: () => dialog.close() } }, "Close");
  const recording = el("a", { class: "btn first", hidden: true, on: { click: () => dialog.close() } }, "Play");
  const dialog = el(
    "dialog",
    { class: "peek", "aria-labelledby": "dialog-title", on: { keydown: arrows } },
    picture,
    el(
      "div",
      { class: "what" },
      el("div", { "aria-live": "polite" }, title, facts, why),
      newer,
      older,
      recording,
      close,
    ),
  );

  function go(by) {
    if (!visits[here + by]) return;
    here += by;
    show();
  }
  function arrows(event) {
    if (event.key === "ArrowLeft") go(-1);
    else if (event.key === "ArrowRight") go(1);
    else return;
    event.preventDefault();
  }
  function show() {
    const { visit, camera, now } = visits[here];
    picture.replaceChildren(visitImage(visit, camera, false));
    text(title, `${words.labelName(visit.label)}, ${words.time(visit.start)}`);
    text(
      facts,
      `${words.visitDeed(visit, now)}. ${camera.name}, ${words.length(visit.duration_s)}, ${Math.round((visit.confidence ?? 0) * 100)} % sure.`,
    );
    text(why, visit.why ?? "");
    why.hidden = !visit.why;
    void offer(visits[here]);
    attr(newer, "aria-disabled", here === 0 ? "true" : null);
    attr(older, "aria-disabled", here === visits.length - 1 ? "true" : null);
  }
  async function offer(item) {
    recording.hidden = true;
    try {
      const { events } = await import("../events/model.js");
      const event = await events.at(item.camera.id, Date.parse(item.visit.start));
      if (!event || item !== visits[here]) return;
      recording.href = addressOf("event", event.id);
      recording.hidden = false;
    } catch {
      // what was not recorded, or cannot be asked for now, has its picture
    }
  }
  show();
  const { key } = visits[at];
  present(dialog, () => (from?.isConnected ? from : document.querySelector(`[data-visit="${CSS.escape(key)}"]`)));
  close.focus();
}

/** The picture of a visit, or its class where no picture was kept. */
export function visitImage(visit, camera, lazy = true) {
  if (!visit.picture) return icon(words.labelIcon(visit.label));
  const source = url(visit.picture);
  source.searchParams.set("v", Date.parse(visit.end ?? visit.start)); // the best picture is another one at the end, and browsers keep what they have
  const image = el("img", {
    src: source.href,
    width: 640,
    height: 360,
    alt: words.visitAlt(visit, camera.name),
    loading: lazy ? "lazy" : false,
    decoding: "async",
  });
  image.addEventListener("error", () => image.replaceWith(icon(words.labelIcon(visit.label))), { once: true });
  return image;
}
