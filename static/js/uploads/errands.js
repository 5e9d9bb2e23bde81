// The errands one by one: which event, to which remote, how far its pictures and its clip are, and what keeps it.

import { attr, el, keyed, rich, text } from "../dom.js";
import { dayName, size } from "../events/words.js";
import { addressOf } from "../router.js";
import * as words from "../words.js";
import * as said from "./words.js";

const KINDS = { owed: "Waiting", failed: "Refused", done: "Handed over" };
const EMPTY = { owed: "Nothing waits.", failed: "Nothing was refused.", done: "Nothing has been handed over yet." };

export class Errands {
  #pick;
  #again;
  #chosen = "owed";
  #kinds;
  #list = el("ul", { class: "errands" });
  #none = el("p", { class: "s mute none", hidden: true });
  #more = el("button", { class: "btn", hidden: true }, "Show more");
  node;

  /** `pick(state)`: other errands are wanted; `more()`: more of them; `again(errand)`: this one now. */
  constructor({ pick, more, again }) {
    this.#pick = pick;
    this.#again = again;
    this.#more.addEventListener("click", more);
    this.#kinds = Object.entries(KINDS).map(([state, word]) =>
      el(
        "button",
        { "data-kind": state, on: { click: () => this.choose(state) } },
        word,
        el("span", { class: "n faint" }),
      ),
    );
    this.node = el(
      "section",
      { class: "panel", "aria-label": "Visits on their way" },
      el(
        "div",
        { class: "between" },
        el("h2", { class: "h" }, "Visits on their way"),
        el("div", { class: "seg", role: "group", "aria-label": "Show" }, this.#kinds),
      ),
      this.#list,
      this.#none,
      this.#more,
    );
  }

  get chosen() {
    return this.#chosen;
  }

  choose(state) {
    this.#chosen = state;
    this.#pick(state);
  }

  /** Shows how many there are of each kind, in `remotes`, and `errands`; null while they are not known. */
  show(remotes, errands, more, nameOf) {
    const sum = (of) => remotes.reduce((total, { backlog }) => total + of(backlog), 0);
    const counts = [sum((it) => it.events), sum((it) => it.failed), sum((it) => it.done)];
    this.#kinds.forEach((kind, i) => {
      attr(kind, "aria-pressed", String(kind.dataset.kind === this.#chosen));
      text(kind.lastChild, String(counts[i]));
    });
    const several = remotes.length > 1;
    const byName = new Map(remotes.map((remote) => [remote.name, remote]));
    keyed(
      this.#list,
      errands ?? [],
      ({ remote, event }) => `${remote} ${event}`,
      (errand) => this.#make(errand),
      (node, errand) => write(node, errand, nameOf(errand.camera), several, byName.get(errand.remote)),
    );
    this.#none.hidden = errands === null || errands.length > 0;
    text(this.#none, EMPTY[this.#chosen]);
    this.#more.hidden = !more;
  }

  #make(errand) {
    const step = (word) => el("span", { class: "step" }, el("i"), el("span", {}, word));
    const again = el("button", { class: "btn" }, "Try again");
    again.addEventListener("click", () => this.#again(errand));
    return el(
      "li",
      { class: "errand" },
      el("a", { class: "what", href: addressOf("event", errand.event) }, el("b"), el("span", { class: "s faint" })),
      el("span", { class: "steps s" }, step("Pictures"), step("Clip")),
      el("span", { class: "s how" }, el("span"), el("span", { class: "why faint" })),
      again,
    );
  }
}

function write(node, errand, camera, several, remote) {
  const [what, steps, how, again] = node.children;
  const { state, stage } = errand;
  const whole = said.atOnce(remote);
  const far = said.far(errand, remote);
  const start = Date.parse(errand.start_time);
  const today = new Date().toDateString() === new Date(start).toDateString();
  attr(node, "data-state", state);
  text(what.firstChild, `${camera}, ${words.time(start)}`);
  const left = errand.bytes > 0 && state !== "done" ? size(errand.bytes) : "";
  text(
    what.lastChild,
    [today ? "" : dayName(start), several ? `to ${errand.remote}` : "", left].filter(Boolean).join(", "),
  );
  const done = state === "done";
  mark(steps.firstChild, done || stage === "clip", state === "sending", far);
  steps.firstChild.hidden = whole;
  text(steps.lastChild.lastChild, whole ? "All at once" : "Clip");
  mark(steps.lastChild, done, state === "sending" && stage === "clip", far);
  text(how.firstChild, said.errand(errand, whole, far));
  attr(how.firstChild, "class", state === "failed" ? "wrong" : "");
  rich(how.lastChild, state !== "done" && errand.why ? words.sentenceOf(errand.why) : "");
  again.hidden = !(state === "failed" || (state === "owed" && errand.due_in_s > 0));
  attr(again, "aria-label", `Try again: ${camera}, ${words.time(start)}`);
}

/** A part is there, goes now, or neither; `far`: how far what goes now is, where that is known. */
function mark(step, there, now, far) {
  const [bar, word] = step.children;
  const share = now && !there && far && Math.floor((100 * far.sent) / far.bytes);
  attr(step, "data-there", there);
  attr(step, "data-now", now && !there);
  attr(bar, "role", Number.isFinite(share) && "progressbar");
  attr(bar, "aria-label", Number.isFinite(share) && word.textContent);
  attr(bar, "aria-valuenow", share);
  bar.style.setProperty("--far", `${share || 0}%`);
}
