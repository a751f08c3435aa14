/** SHA-256 of uploads that are not complete yet. */
import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

const REMEMBERED = 1000;
const READ_BYTES = 1 << 20;

/**
 * How far each upload's hash has come. Only in memory: where it is missing (the
 * server was started again, a write failed) the bytes on disk are read once more.
 */
export class Digests {
  readonly #running = new Map<string, { hash: Hash; offset: number }>();

  /** The hash of the first `offset` bytes of `file`, handed to the caller alone. */
  async take(id: string, file: FileHandle, offset: number): Promise<Hash> {
    const running = this.#running.get(id);
    this.#running.delete(id);
    return running?.offset === offset ? running.hash : hashOfPrefix(file, offset);
  }

  /** Remember what `take` gave and the caller has brought to `offset`. */
  keep(id: string, hash: Hash, offset: number): void {
    this.#running.set(id, { hash, offset });
    if (this.#running.size > REMEMBERED) {
      const [oldest] = this.#running.keys();
      this.#running.delete(oldest!);
    }
  }

  forget(id: string): void {
    this.#running.delete(id);
  }
}

async function hashOfPrefix(file: FileHandle, length: number): Promise<Hash> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, length));
  for (let offset = 0; offset < length; ) {
    const wanted = Math.min(buffer.length, length - offset);
    const { bytesRead } = await file.read(buffer, 0, wanted, offset);
    if (bytesRead === 0) throw new Error("the upload is shorter than it was");
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
  return hash;
}
