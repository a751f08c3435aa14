import type { Uploader } from "./uploader";

/** Milliseconds without a byte after which a connection counts as dead, though nobody said so. */
const DEAD_AFTER = 30_000;
const LOOK_EVERY = 5000;

/**
 * Takes uploads up again on a new connection when theirs hangs: a network that changed
 * under the browser loses packets for a quarter of an hour before TCP gives up.
 */
export function watchForStalls(uploader: Uploader): void {
  const seen = new Map<string, { bytes: number; time: number }>();
  window.setInterval(() => {
    const now = performance.now();
    const going = uploader.coming.filter((file) => file.progress.bytesUploaded && !file.isPaused);
    for (const id of seen.keys()) if (!going.some((file) => file.id === id)) seen.delete(id);
    for (const { id, progress } of going) {
      const bytes = Number(progress.bytesUploaded);
      const before = seen.get(id);
      if (!before || before.bytes !== bytes || uploader.isCut) seen.set(id, { bytes, time: now });
      else if (now - before.time > DEAD_AFTER) {
        seen.delete(id);
        uploader.reconnect(id);
      }
    }
  }, LOOK_EVERY);
}
