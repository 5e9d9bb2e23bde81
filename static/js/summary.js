// The bar's "2 of 3 cameras watching": a link to the camera that needs somebody, if one does.

import { attr, text } from "./dom.js";
import * as words from "./words.js";

/** Writes the summary; `connected` is false while no word comes from Nightjar. */
export function showSummary(cameras, connected) {
  const node = document.getElementById("sum");
  const [dot, what] = node.children;
  const watching = cameras.filter((camera) => camera.watching);
  const needy = cameras.find((camera) => camera.lost) ?? cameras.find((camera) => !camera.watching);
  const [strong, rest] = connected ? words.watching(watching.length, cameras.length) : ["No word", "from Nightjar"];
  node.hidden = false;
  if (what.textContent !== `${strong} ${rest}` && document.activeElement !== node) node.replaceWith(node); // put back rather than shifted
  text(what.firstElementChild, strong);
  text(what.lastElementChild, rest);
  attr(dot, "class", connected && !needy ? "dot" : connected && !needy.lost ? "dot off" : "dot bad");
  attr(node, "href", needy ? `#camera-${needy.id}` : null);
  attr(node, "aria-label", `${strong} ${rest}${needy ? `. Go to ${needy.name}` : ""}`);
}
