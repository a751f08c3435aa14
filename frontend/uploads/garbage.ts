/** Buffers that are written are garbage; Node alone would let some 60 MB of it gather. */

const COLLECTED_BYTES = 16 << 20;
let waiting = 0;

/**
 * Count `bytes` as garbage and have it collected now and then, in half a millisecond.
 *
 * V8 looks for young garbage when small objects have filled their space, and the large
 * buffers here come with very few of those. Needs `node --expose-gc`; without it
 * nothing but memory is lost.
 */
export function discard(bytes: number): void {
  waiting += bytes;
  if (waiting < COLLECTED_BYTES) return;
  waiting = 0;
  globalThis.gc?.({ type: "minor" });
}
