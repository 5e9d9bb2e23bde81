// The bar's "2 of 3 cameras watching": a link to the camera that needs somebody, if one does.

import { attr, text } from "./dom.js";
import { addressOf } from "./router.js";
import * as words from "./words.js";

/**
 * Writes the summary; `trouble` is what stands instead while nothing comes from Nightjar, as `[strong, rest]`, else null; `to(camera)`
 * is where it leads.
 */
export function showSummary(cameras, trouble, to = ({ id }) => addressOf("camera", id)) {
  const node = document.getElementById("sum");
  const [dot, what] = node.children;
  const watching = cameras.filter((camera) => camera.watching);
  const needy = trouble
    ? undefined
    : (cameras.find((camera) => camera.lost) ?? cameras.find((camera) => !camera.watching));
  const connected = trouble === null;
  const [strong, rest] = trouble ?? words.watching(watching.length, cameras.length);
  node.hidden = false;
  if (what.textContent !== `${strong} ${rest}` && document.activeElement !== node) node.replaceWith(node); // put back rather than shifted
  text(what.firstElementChild, strong);
  text(what.lastElementChild, rest);
  attr(dot, "class", connected && !needy ? "dot" : connected && !needy.lost ? "dot off" : "dot bad");
  attr(node, "href", needy ? to(needy) : null);
  attr(node, "aria-label", `${strong} ${rest}${needy ? `. Go to ${needy.name}` : ""}`);
}
