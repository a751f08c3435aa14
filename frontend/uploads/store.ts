/** Uploads on disk: @tus/file-store, with SHA-256 computed while the bytes pass. */
import { access, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FileStore } from "@tus/file-store";
import { ERRORS, type Upload } from "@tus/server";
import { Digests } from "./digests.js";
import { discard } from "./garbage.js";
import type { Intake } from "./intake.js";

/** Bytes between two hints to the disk, so that the last `fsync` has little left to do. */
const SYNC_BYTES = 128 << 20;

/**
 * `<id>` holds the bytes, `<id>.json` what @tus/file-store keeps, `<id>.done` says
 * `{"sha256", "size"}` once the last byte is safely on disk; the portal reads that.
 */
export class HashingStore extends FileStore {
  readonly #digests = new Digests();

  constructor(directory: string) {
    super({ directory });
    // No deferred length: the portal must know the size before the first byte.
    this.extensions = ["creation", "creation-with-upload", "termination"];
  }

  override async create(upload: Upload): Promise<Upload> {
    const created = await super.create(upload);
    if (created.size === 0) await this.#complete(created);
    return created;
  }

  /**
   * As @tus/file-store has it; an upload whose every byte arrived just before the
   * server was killed is completed first, so that "all of it is here" is never
   * said without a `.done`.
   */
  override async getUpload(id: string): Promise<Upload> {
    const upload = await super.getUpload(id);
    if (upload.offset === upload.size) await this.#complete(upload);
    return upload;
  }

  override async remove(id: string): Promise<void> {
    this.#digests.forget(id);
    for (const suffix of [".done", ".done.new", "", ".json"]) {
      await rm(this.#path(id + suffix), { force: true });
    }
  }

  /**
   * Write what `intake` gives behind the bytes that are there; the new offset.
   *
   * Throws when there is more than the upload's size (413) or no room on the disk
   * (507). What was written before counts in either case and can be resumed from.
   */
  async append(upload: Upload, intake: Intake): Promise<number> {
    if (upload.offset === upload.size) return this.#nothingMore(upload, intake);
    const file = await open(this.#path(upload.id), "r+");
    try {
      const hash = await this.#digests.take(upload.id, file, upload.offset);
      const disk = new SyncedFile(file, upload.offset);
      for (;;) {
        const batch = await intake.next();
        if (!batch) break;
        const start = disk.offset;
        const writing = disk.write(batch);
        for (const chunk of batch) hash.update(chunk);
        await writing;
        discard(disk.offset - start);
      }
      await disk.settle();
      this.#digests.keep(upload.id, hash, disk.offset);
      if (intake.exceeded) throw ERRORS.ERR_SIZE_EXCEEDED;
      upload.offset = disk.offset;
      if (upload.offset === upload.size) await this.#complete(upload);
      return upload.offset;
    } finally {
      await file.close();
    }
  }

  /** A complete upload's bytes may be the portal's by now: not even opened for writing. */
  async #nothingMore(upload: Upload, intake: Intake): Promise<number> {
    await intake.next();
    if (intake.exceeded) throw ERRORS.ERR_SIZE_EXCEEDED;
    return upload.offset;
  }

  /** Make the bytes durable, then say so in `<id>.done`, unless that was done before. */
  async #complete(upload: Upload): Promise<void> {
    const done = this.#path(`${upload.id}.done`);
    if (await exists(done)) return;
    const bytes = await open(this.#path(upload.id), "r+");
    try {
      const hash = await this.#digests.take(upload.id, bytes, upload.offset);
      await bytes.sync();
      await writeSafely(done, JSON.stringify({ sha256: hash.digest("hex"), size: upload.offset }));
    } finally {
      await bytes.close();
    }
    const folder = await open(this.directory, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}

/** Writes one batch after the other; the disk starts on them long before the end. */
class SyncedFile {
  #synced: number;
  #syncing: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(
    readonly file: FileHandle,
    public offset: number,
  ) {
    this.#synced = offset;
  }

  /** Throws what the system says when the disk takes no more, also of an earlier batch. */
  async write(batch: Buffer[]): Promise<void> {
    for (let left = batch; left.length > 0; ) {
      const { bytesWritten } = await this.file.writev(left, this.offset);
      this.offset += bytesWritten;
      left = after(left, bytesWritten);
    }
    if (this.#busy || this.offset - this.#synced < SYNC_BYTES) return;
    await this.settle();
    this.#startSync();
  }

  /** Wait for what is on its way; a failure of the disk is told once, so here or nowhere. */
  async settle(): Promise<void> {
    await this.#syncing;
  }

  #startSync(): void {
    this.#busy = true;
    this.#synced = this.offset;
    this.#syncing = this.file.datasync().finally(() => (this.#busy = false));
    this.#syncing.catch(() => {}); // `settle` throws it
  }
}

/** What of `batch` comes after its first `count` bytes. */
function after(batch: Buffer[], count: number): Buffer[] {
  let index = 0;
  while (index < batch.length && count >= batch[index]!.length) count -= batch[index++]!.length;
  const rest = batch.slice(index);
  if (count > 0) rest[0] = rest[0]!.subarray(count);
  return rest;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** Replace `path` in one step, so that nobody ever reads half of it. */
async function writeSafely(path: string, text: string): Promise<void> {
  const fresh = await open(`${path}.new`, "w");
  try {
    await fresh.writeFile(text);
    await fresh.sync();
  } finally {
    await fresh.close();
  }
  await rename(`${path}.new`, path);
}
