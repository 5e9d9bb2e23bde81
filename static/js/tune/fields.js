// A labelled control with a hint and a place for what is wrong with it, below.

import { attr, el, rich } from "../dom.js";

let numbers = 0;

/** A row with a label, a control, a hint and an error; found again by `data-field`. */
export function field(key, label, control, hint = "") {
  numbers += 1;
  const id = `f${numbers}`;
  const input = control.matches("input, select, button") ? control : null;
  if (input) input.id = id;
  const said = el("p", { class: "hint s faint", id: `${id}-hint` }, hint);
  const wrong = el("p", { class: "wrong s", id: `${id}-wrong`, hidden: true });
  if (input) attr(input, "aria-describedby", `${id}-hint ${id}-wrong`);
  const caption = input ? el("label", { for: id }, label) : el("span", { class: "label" }, label);
  return el("div", { class: "fieldrow", "data-field": key }, caption, control, said, wrong);
}

/** Shows what is wrong with a row's value, or (null) that nothing is. */
export function complain(row, message) {
  const wrong = row.querySelector(".wrong");
  wrong.hidden = message === null;
  if (message !== null) rich(wrong, message);
  attr(row.querySelector("input, select, button"), "aria-invalid", message === null ? null : "true");
}
