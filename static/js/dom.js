// Small helpers to build and update the page. Knows no camera and no server.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners (`on: { click }`) and children; `false` and `null` leave an attribute or child out.
 * A button sends no form unless it says so.
 */
export function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.type = tag;
  for (const [name, value] of Object.entries(attrs)) {
    if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An SVG element with attributes and children. */
export function svg(tag, attrs = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** An icon of the sprite in index.html; always beside a word or under an aria-label. */
export function icon(name, small = false) {
  return svg("svg", { class: small ? "ico s" : "ico", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

/** The bird of an empty place. */
export function bird() {
  return svg("svg", { class: "bird", viewBox: "0 0 36 26", "aria-hidden": "true" }, svg("use", { href: "#bird" }));
}

/** Points an icon at another symbol of the sprite. */
export function setIcon(node, name) {
  attr(node.firstChild, "href", `#i-${name}`);
}

/** Sets the text only when it differs, so that nothing is laid out or read out again. */
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

const told = new WeakMap();

/** Sets a text whose names stand in `backticks`; only when it differs, and never as markup. */
export function rich(node, value) {
  if (told.get(node) === value) return;
  told.set(node, value);
  const parts = value.split("`");
  const named = parts.length % 2 === 1; // an odd backtick is a backtick
  node.replaceChildren(...(named ? parts.map((part, i) => (i % 2 === 1 ? el("code", {}, part) : part)) : [value]));
}

/** Sets or removes an attribute only when it differs. */
export function attr(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else {
    const wanted = value === true ? "" : String(value);
    if (node.getAttribute(name) !== wanted) node.setAttribute(name, wanted);
  }
}

/**
 * Makes the children of `parent` match `items` by key: what stays keeps its element (and its focus),
 * so a new visit does not redraw the old ones.
 */
export function keyed(parent, items, key, make, update = () => {}) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const k = String(key(item));
    let node = old.get(k);
    if (!node) {
      node = make(item);
      node.dataset.key = k;
    }
    update(node, item);
    return node;
  });
  const stays = new Set(wanted);
  for (const child of [...parent.children]) if (!stays.has(child)) child.remove();
  wanted.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

/** True while the system asks for less motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
