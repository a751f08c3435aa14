/** A request's body in batches, with back-pressure and a limit. */
import type { Readable } from "node:stream";

/** What may wait in memory for the disk, besides what is being written. */
const BATCH_BYTES = 1 << 20;

/**
 * Gathers what arrives while the last batch is written, so that a busy disk is
 * asked for few large writes. A body that ends early, or whose sender is gone, ends
 * the batches without an error: what has arrived is kept and can be resumed from.
 */
export class Intake {
  /** The sender went on past the limit; nothing beyond it is in any batch. */
  exceeded = false;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #received = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(
    readonly body: Readable,
    readonly limit: number,
    readonly signal: AbortSignal,
  ) {
    body.on("data", this.#onData);
    for (const name of ["end", "error", "close"]) body.on(name, this.#onEnd);
    signal.addEventListener("abort", this.#onEnd, { once: true });
    if (signal.aborted || body.destroyed || body.readableEnded) this.#onEnd();
  }

  /** The next bytes, or `undefined` when there are no more. */
  async next(): Promise<Buffer[] | undefined> {
    while (this.#waiting === 0) {
      if (this.#ended) return undefined;
      this.body.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const batch = this.#chunks;
    this.#chunks = [];
    this.#waiting = 0;
    if (!this.#ended) this.body.resume();
    return batch;
  }

  /** Stop listening; what still arrives is the caller's to discard. */
  close(): void {
    this.#onEnd();
  }

  #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#received > this.limit) {
      this.exceeded = true;
      this.#onEnd();
      return;
    }
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting >= BATCH_BYTES) this.body.pause();
    this.#wakeUp();
  };

  #onEnd = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.body.off("data", this.#onData);
    this.body.pause();
    this.signal.removeEventListener("abort", this.#onEnd);
    this.#wakeUp();
  };

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
