// How the connection stands, in words: lost and since when, why it was closed, whether a key is needed, whether Nightjar is a newer one now.

import { sayState, showOffer, showToast, showWord } from "./notice.js";
import * as words from "./words.js";

const WORD_AFTER_MS = 3_000; // a reconnection that takes less is not worth a word
const SILENT_MS = 8_000; // open, but even the clock's question is not answered
const TURNED_AWAY = { from: 4002, to: 4010 }; // closes that have to do with this page: too slow, not understood, too many
const VERSION_UNKNOWN = 4010; // this page speaks what the server no longer does

export class Connection {
  #socket;
  #ask;
  #told;
  #announced = false;
  #reason = "";
  #version = null;
  /** Why the server does not let this page in, or null. */
  refusal = null;

  /** `ask()` asks over HTTP what a refused WebSocket cannot tell; `told`: `silent(yes)`, `summary()`. */
  constructor(socket, ask, told) {
    this.#socket = socket;
    this.#ask = ask;
    this.#told = told;
  }

  /** Nothing is heard, and it was said so. */
  get silent() {
    return this.#announced;
  }

  /** What stands in the bar instead of the cameras, as `[strong, rest]`, or null. */
  get trouble() {
    return this.#announced ? words.unheard(this.refusal !== null) : null;
  }

  /** The server's first word; another version than before asks gently for another page. */
  hello(version) {
    if (this.#version === null) this.#version = version;
    if (version !== this.#version) showOffer(`Nightjar is now ${version}; this page is of ${this.#version}.`);
  }

  up() {
    this.refusal = null;
    this.#reason = "";
    showWord(null);
    this.#told.silent(false);
    if (this.#announced) sayState("Nightjar is back.");
    this.#announced = false;
    this.#told.summary();
  }

  async down(everOpened, { code, reason }) {
    if (reason) this.#reason = reason;
    if (code === VERSION_UNKNOWN) showOffer("Nightjar was updated; this page is older than it can speak with.");
    if (code >= TURNED_AWAY.from && code < TURNED_AWAY.to && reason) showToast(words.sentenceOf(reason));
    if (everOpened) return;
    try {
      await this.#ask();
      this.refusal = null;
    } catch (error) {
      this.refusal = error.status === 401 || error.status === 403 ? error.message : null;
      this.#told.summary();
    }
  }

  /** Once a second. */
  tick() {
    const { open, lastWord, waitingSince } = this.#socket;
    const waited = performance.now() - (open ? lastWord : waitingSince);
    if (waited < (open ? SILENT_MS : WORD_AFTER_MS) && (open || this.refusal === null)) {
      if (open && this.#announced) this.up();
      return;
    }
    const said = this.refusal ?? words.noWord(waited, lastWord !== null, this.#reason);
    showWord(said, this.refusal !== null);
    if (!this.#announced) sayState(this.refusal ?? "The connection to Nightjar is lost. Trying again.");
    this.#announced = true;
    this.#told.silent(true);
    this.#told.summary();
  }
}
