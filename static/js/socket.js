// The one WebSocket: connects, reconnects with back-off and jitter, tells the tiles' wishes again, and cuts frames from messages.
// Knows nothing of the page; what it hears goes to the handlers it was given.

import { ServerClock } from "./clock.js";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const SILENCE_MS = 12_000; // longer than the time exchange below, so that a quiet server is not taken for a dead one
const PROOF_MS = 4_000;
const CONNECT_MS = 8_000;
const EXCHANGE_MS = 5_000;
const FRAME_HEAD = 24;
const SPOKEN = 1; // the version of the messages

export class LiveSocket {
  #url;
  #handlers;
  #socket = null;
  #wishes = new Map();
  #failures = 0;
  #retry = 0;
  #since = 0;
  #lastExchange = -Infinity;
  clock = new ServerClock();
  /** When the server was last heard (performance.now), or null before the first word. */
  lastWord = null;
  /** When this page began to wait for a connection. */
  waitingSince = performance.now();

  /** `handlers`: `text(message)`, `frame(frame)`, `up()`, `down(everOpened, { code, reason })`. */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get running() {
    return this.#socket !== null || this.#retry !== 0;
  }

  start() {
    if (!this.running) this.#connect();
  }

  /** Tries at once, as when the network is back or the page is looked at again; an open connection has to prove itself soon. */
  hurry() {
    if (this.open) {
      this.lastWord = Math.max(this.lastWord, performance.now() - SILENCE_MS + PROOF_MS);
      this.#exchange();
      return;
    }
    this.#failures = 0;
    this.#drop();
    this.#connect();
  }

  /** Closes for as long as nobody looks; `start` opens again. */
  stop() {
    this.#drop();
  }

  /** Asks for frames of a camera at a width and rate; the wish outlives a lost connection. */
  watch(camera, width, fps) {
    const old = this.#wishes.get(camera);
    if (old?.width === width && old?.fps === fps) return;
    this.#wishes.set(camera, { width, fps });
    this.#send({ type: "watch", camera, width, fps });
  }

  unwatch(camera) {
    if (this.#wishes.delete(camera)) this.#send({ type: "unwatch", camera });
  }

  /** Once a second: keeps the clocks together and notices a connection that died without a word. */
  tick() {
    const now = performance.now();
    if (this.open) {
      if (now - this.lastWord > SILENCE_MS) this.#lost(this.#socket, true);
      else if (this.clock.exchanges < 4 || now - this.#lastExchange > EXCHANGE_MS) this.#exchange();
    } else if (this.#socket && now - this.#since > CONNECT_MS) this.#lost(this.#socket, false);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#since = performance.now();
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      this.lastWord = performance.now();
      this.clock.reset();
      this.#send({ type: "hello", v: SPOKEN });
      this.#exchange();
      for (const [camera, wish] of this.#wishes) this.#send({ type: "watch", camera, ...wish });
    };
    socket.onmessage = ({ data }) => {
      if (!opened) {
        opened = true; // a server that turns this page away closes before its first word, and is not asked again at once
        this.#failures = 0;
        this.#handlers.up();
      }
      this.#heard(data);
    };
    socket.onclose = ({ code, reason }) => this.#lost(socket, opened, { code, reason });
  }

  #heard(data) {
    this.lastWord = performance.now();
    if (typeof data !== "string") {
      const frame = cutFrame(data);
      if (frame) this.#handlers.frame(frame);
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // a newer server may speak what this page does not know
    }
    if (message.type === "time") this.clock.sample(message.t0, message.now_ms);
    if (message.type === "hello") this.clock.hint(message.now_ms);
    this.#handlers.text(message);
  }

  #lost(socket, opened, close = { code: 0, reason: "" }) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (opened) this.waitingSince = this.lastWord;
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#retry = setTimeout(() => this.#connect(), ceiling * (0.5 + Math.random() / 2));
    this.#handlers.down(opened, close);
  }

  #drop() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #exchange() {
    this.#lastExchange = performance.now();
    this.#send({ type: "time", t0: this.#lastExchange });
  }

  #send(message) {
    if (this.open) this.#socket.send(JSON.stringify(message));
  }
}

/** A binary message as `{ camera, seq, time, noSignal, jpeg }`, or null if it is none of ours. */
export function cutFrame(buffer) {
  if (buffer.byteLength < FRAME_HEAD) return null;
  const head = new DataView(buffer);
  const idLength = head.getUint8(1);
  if (head.getUint8(0) !== 1 || buffer.byteLength <= FRAME_HEAD + idLength) return null;
  return {
    camera: new TextDecoder().decode(new Uint8Array(buffer, FRAME_HEAD, idLength)),
    noSignal: (head.getUint16(2, true) & 1) === 1,
    seq: Number(head.getBigUint64(8, true)),
    time: head.getFloat64(16, true),
    jpeg: new Uint8Array(buffer, FRAME_HEAD + idLength),
  };
}
