// The server's clock as seen from here: offset by the exchange with the shortest round trip, as in NTP.

const KEPT = 8;

export class ServerClock {
  #samples = [];

  /** A one-way hint, good enough until the first exchange has come back. */
  hint(serverMs) {
    if (this.#samples.length === 0)
      this.#samples.push({ rtt: Infinity, offset: serverMs - Date.now(), at: performance.now() });
  }

  /** One exchange: sent at `t0` (performance.now), the server's time when it answered, received now. */
  sample(t0, serverMs) {
    const t1 = performance.now();
    const rtt = t1 - t0;
    if (!(rtt >= 0) || !Number.isFinite(serverMs)) return;
    const middle = performance.timeOrigin + t0 + rtt / 2;
    // performance.now may drift from the wall clock while a laptop sleeps, hence Date.now at use and its distance here
    const skew = Date.now() - (performance.timeOrigin + t1);
    this.#samples.push({ rtt, offset: serverMs - (middle + skew), at: t1 });
    this.#samples = this.#samples.filter((s) => s.rtt !== Infinity).slice(-KEPT);
  }

  /** How many exchanges the estimate rests on. */
  get exchanges() {
    return this.#samples.filter((s) => s.rtt !== Infinity).length;
  }

  /** The server's wall clock now, Unix milliseconds. */
  now() {
    const best = this.#samples.reduce((a, b) => (b.rtt < a.rtt ? b : a), {
      rtt: Infinity,
      offset: this.#samples[0]?.offset ?? 0,
    });
    return Date.now() + best.offset;
  }

  /** Forgets everything: after sleep or a reconnection the old exchanges say nothing. */
  reset() {
    this.#samples = [];
  }
}
