// The picture of one camera: newest frame only, decoded off the main thread, drawn on a canvas.

export class Picture {
  #context;
  #waiting = null;
  #busy = false;
  /** Size of the picture on screen, pixels. */
  size = { w: 0, h: 0 };
  /** The frame on screen: `{ seq, time, noSignal }`, or null. */
  shown = null;

  /** `onShown(frame)` is called after every drawn picture. */
  constructor(canvas, onShown) {
    this.canvas = canvas;
    this.onShown = onShown;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** Takes a frame; one that comes while another is decoded replaces the one that waits. */
  offer(frame) {
    this.#waiting = frame;
    if (!this.#busy) this.#work();
  }

  /** Forgets what waits, as when the page is hidden. */
  clear() {
    this.#waiting = null;
  }

  async #work() {
    this.#busy = true;
    while (this.#waiting) {
      const frame = this.#waiting;
      this.#waiting = null;
      try {
        const bitmap = await createImageBitmap(new Blob([frame.jpeg], { type: "image/jpeg" }));
        this.#draw(bitmap, frame);
        bitmap.close();
      } catch {
        // a picture that does not decode is skipped; the next one comes in a moment
      }
    }
    this.#busy = false;
  }

  #draw(bitmap, frame) {
    const { width, height } = bitmap;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.size = { w: width, h: height };
    }
    this.#context.drawImage(bitmap, 0, 0);
    this.shown = { seq: frame.seq, time: frame.time, noSignal: frame.noSignal };
    this.onShown(this.shown);
  }
}
