// How it stands with each remote: a panel with its state, its backlog, how fast it goes and when it is done, and its last error.

import { attr, el, icon, keyed, rich, text } from "../dom.js";
import { dayName } from "../events/words.js";
import * as words from "../words.js";
import * as said from "./words.js";

export class Remotes {
  #again;
  node = el("div", { class: "remotes" });

  /** `again(name)`: somebody wants all that failed or waits there tried now. */
  constructor(again) {
    this.#again = again;
  }

  show(remotes) {
    keyed(
      this.node,
      remotes,
      ({ name }) => name,
      (remote) => this.#make(remote),
      write,
    );
  }

  #make({ name }) {
    const again = el("button", { class: "btn", on: { click: () => this.#again(name) } }, "Try again");
    attr(again, "aria-label", `Try again: ${name}`);
    const term = (word, key) =>
      el("div", { "data-figure": key }, el("dt", {}, word), el("dd", {}, el("b"), " ", el("small")));
    return el(
      "section",
      { class: "panel remote", "aria-label": name },
      el(
        "div",
        { class: "head" },
        el("span", { class: "dot", "aria-hidden": "true" }),
        el("h2", { class: "nm" }),
        el("span", { class: "s faint" }),
        el("span", { class: "s how" }),
      ),
      el(
        "dl",
        { class: "stats" },
        term("Waiting", "waiting"),
        term("Rate", "rate"),
        term("Done at", "end"),
        term("Last handed over", "last"),
      ),
      el(
        "div",
        { class: "trouble", hidden: true },
        icon("unknown", true),
        el("p", {}, el("span"), " ", el("span", { class: "s faint" })),
        again,
      ),
    );
  }
}

function write(node, remote) {
  const [head, figures, trouble] = node.children;
  const [dot, name, kind, how] = head.children;
  const { backlog, problem, last_error: last } = remote;
  const health = said.health(remote);
  attr(node, "data-state", remote.state);
  attr(dot, "class", `dot ${health}`);
  text(name, remote.name);
  text(kind, said.kind(remote));
  text(how, said.state(remote));
  attr(how, "class", health === "bad" ? "s how wrong" : "s how");
  const none = backlog.events === 0;
  const end = said.end(remote.eta_s);
  const sending = remote.state === "sending";
  figure(figures.children[0], said.backlog(backlog), said.first(remote, backlog));
  figure(figures.children[1], sending ? said.speed(remote.rate) : "–", sending ? "" : said.resumes(remote));
  figure(figures.children[2], none ? "all there" : (end ?? "–"), none || end ? "" : "not known while nothing goes");
  figure(figures.children[3], remote.last_sent ? moment(remote.last_sent) : "–", sum(backlog));
  trouble.hidden = !problem && backlog.failed === 0;
  const [, sentence] = trouble.children;
  const why = problem ?? last?.why;
  rich(sentence.firstChild, why ? words.sentenceOf(why) : "");
  const refused = backlog.failed > 0 ? `${words.count(backlog.failed, "visit")} refused. ` : "";
  text(sentence.lastChild, `${refused}${last ? `At ${moment(last.time)}.` : ""}`);
}

const sum = ({ done }) => (done > 0 ? `${done} in all` : "");

function figure(node, value, note) {
  const dd = node.lastChild;
  text(dd.firstChild, value);
  text(dd.lastChild, note);
}

/** "21:38", with the day where that is not today. */
function moment(when) {
  const at = new Date(when);
  return at.toDateString() === new Date().toDateString() ? words.time(at) : `${words.time(at)}, ${dayName(at)}`;
}
