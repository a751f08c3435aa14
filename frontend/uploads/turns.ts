/** One request at a time for each upload, in the order they came. */
import type { Lock, Locker, RequestRelease } from "@tus/server";
import { ERRORS } from "@tus/server";

interface Holder {
  release: RequestRelease;
  ended: Promise<void>;
}

/**
 * A request that comes asks the one at work to stop soon and waits: a client that
 * lost its connection need not wait until the server has noticed. @tus/server's
 * `MemoryLocker` does the same, but keeps a processor busy while it waits.
 */
export class Turns implements Locker {
  readonly #holders = new Map<string, Holder>();

  newLock(id: string): Lock {
    let end: (() => void) | undefined;
    return {
      lock: async (signal, release) => {
        for (let holder; (holder = this.#holders.get(id)); ) {
          await holder.release();
          await Promise.race([holder.ended, aborted(signal)]);
        }
        if (signal.aborted) throw ERRORS.ABORTED;
        const ended = new Promise<void>((resolve) => (end = resolve));
        this.#holders.set(id, { release, ended });
      },
      unlock: async () => {
        this.#holders.delete(id);
        end?.();
      },
    };
  }
}

/** Rejects when the waiting request is over. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(ERRORS.ABORTED);
    signal.addEventListener("abort", () => reject(ERRORS.ABORTED), { once: true });
  });
}
