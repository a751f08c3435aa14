import Uppy, { type Body, type UppyFile } from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import zhCn from "@uppy/locales/lib/zh_CN.js";
import Tus from "@uppy/tus";
import type { DetailedError } from "tus-js-client";
import { csrfToken } from "../requests";
import { toast } from "../toasts";
import { checkResumed, mayHelp, RETRY_DELAYS, sentenceOf } from "./answers";
import { listedSizes, type Place } from "./place";
import { RememberedUploads } from "./remembered";
import { bytes } from "./sizes";

/** How many files go at once; browsers allow six connections, the page needs some too. */
const AT_ONCE = 4;
/** Up to here a file goes along with its announcement: one request, begun anew when cut. */
const SMALL = 1 << 20;
const DAY = 24 * 3600 * 1000;

export type Meta = { draft: string; path: string; relativePath?: string };
export type Coming = UppyFile<Meta, Body>;
type Candidate = Coming;

/** A file that was chosen but is not on its way; `data` is there unless it must be chosen again. */
export interface Stuck {
  path: string;
  size: number;
  sentence: string;
  data: Blob | undefined;
}

/** The files on their way to one draft. Calls `changed` after whatever a page should show. */
export class Uploader {
  /** By path: refused by us or by the server, or lost with a reload. */
  readonly stuck = new Map<string, Stuck>();
  /** The server does not answer; uploads go on by themselves when it does. */
  isCut = false;
  /** Something happened that the server's list does not show yet. */
  isListOld = false;
  readonly #uppy: Uppy<Meta, Body>;
  /** Path → bytes of everything that Uppy has, and their sum: a batch may be thousands. */
  readonly #sizes = new Map<string, number>();
  #sum = 0;

  constructor(
    readonly place: Place,
    readonly changed: () => void,
  ) {
    const isChinese = document.documentElement.lang.startsWith("zh");
    this.#uppy = new Uppy<Meta, Body>({
      id: `draft-${place.draft}`,
      autoProceed: true,
      meta: { draft: place.draft, path: "" },
      onBeforeFileAdded: (file) => this.#admit(file as Candidate),
      ...(isChinese ? { locale: zhCn } : {}),
      // What goes wrong is shown at its file; the console is for what nobody expected.
      logger: { debug: () => {}, warn: () => {}, error: () => {} },
    })
      .use(Dashboard, {
        target: place.element,
        inline: true,
        width: "100%",
        height: 190,
        fileManagerSelectionType: "both",
        showSelectedFiles: false,
        disableStatusBar: true,
        disableInformer: true,
        disableThumbnailGenerator: true,
        proudlyDisplayPoweredByUppy: false,
        locale: {
          strings: {
            dashboardTitle: place.say("area"),
            dropPasteBoth: place.say("drop", { files: "%{browseFiles}", folders: "%{browseFolders}" }),
            browseFiles: place.say("browse-files"),
            browseFolders: place.say("browse-folders"),
            dropHint: place.say("drop-hint"),
          },
        },
      })
      .use(Tus, {
        endpoint: place.endpoint,
        limit: AT_ONCE,
        retryDelays: RETRY_DELAYS,
        allowedMetaFields: ["draft", "path"],
        urlStorage: new RememberedUploads(place.days),
        onAfterResponse: checkResumed,
        onShouldRetry: (error, attempt, _options, next) => this.#shouldRetry(error, attempt, next),
      })
      .use(GoldenRetriever, { expires: place.days * DAY });
    this.#listen();
  }

  /** Files that are not completely there yet. */
  get coming(): Coming[] {
    return this.#uppy.getFiles().filter((file) => !file.progress.uploadComplete);
  }

  /** Files that have all their bytes on the server, until `forget` is told. */
  get arrived(): Coming[] {
    return this.#uppy.getFiles().filter((file) => file.progress.uploadComplete);
  }

  /** The page lists these itself now. */
  forget(files: Coming[]): void {
    this.#uppy.removeFiles(files.map((file) => file.id).filter((id) => this.#has(id)));
  }

  pauseOrResume(id: string): void {
    if (this.#has(id)) this.#uppy.pauseResume(id);
    this.changed();
  }

  /** Drop the file's connection and go on with a new one. */
  reconnect(id: string): void {
    this.pauseOrResume(id);
    this.pauseOrResume(id);
  }

  pauseAll(): void {
    this.#uppy.pauseAll();
    this.changed();
  }

  resumeAll(): void {
    this.#uppy.resumeAll();
    this.changed();
  }

  /** Try a refused file again. */
  retry(path: string): void {
    const { data } = this.stuck.get(path) ?? {};
    if (!data) return;
    this.stuck.delete(path);
    const name = path.split("/").pop() ?? path;
    this.#uppy.addFiles([
      { name, type: data.type, data, source: "retry", meta: { relativePath: path, draft: this.place.draft, path } },
    ]);
  }

  /** Give files up, here and on the server. */
  async takeOut(paths: string[]): Promise<void> {
    const wanted = new Set(paths);
    const going = this.coming.filter((file) => wanted.has(file.meta.path));
    await Promise.all([...going.map((file) => this.#stop(file)), ...paths.map((path) => this.#dropStuck(path))]);
    this.isListOld = true;
    this.changed();
  }

  async #stop(file: Coming): Promise<void> {
    const tus = this.#uppy.getPlugin<Tus<Meta, Body>>("Tus");
    const upload = tus?.uploaders[file.id];
    // The plugin would end the upload too, and let its failure go unheard.
    if (tus) tus.uploaders[file.id] = null;
    this.#uppy.removeFile(file.id);
    await upload?.abort(true).catch(() => {});
  }

  async #dropStuck(path: string): Promise<void> {
    if (!this.stuck.delete(path) || !listedSizes().has(path)) return;
    const body = new URLSearchParams({ path });
    await fetch(this.place.takeOutUrl, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
    }).catch(() => {});
  }

  /** What becomes of a chosen file: itself with its place in the draft, or `false`. */
  #admit(file: Candidate): Candidate | boolean {
    const path = (file.meta.relativePath || file.name).normalize("NFC");
    if (this.#sizes.has(path)) {
      toast(`${path}: ${this.place.say("twice")}`, "warning");
      return false;
    }
    const data = file.data as File;
    const sentence = this.#objection(path, data.size);
    if (sentence) {
      this.stuck.set(path, { path, size: data.size, sentence, data });
      this.changed();
      return false;
    }
    this.stuck.delete(path);
    this.#count(path, data.size);
    const id = [this.place.draft, data.size, data.lastModified, path].join("/");
    const tus = { uploadDataDuringCreation: data.size <= SMALL };
    return { ...file, id, meta: { ...file.meta, draft: this.place.draft, path }, tus } as Candidate;
  }

  /** Why a file can't come, known before a byte of it goes; empty when it can. */
  #objection(path: string, size: number): string {
    if (size === 0) return this.place.say("empty");
    if (size > this.place.fileMost) return this.place.say("too-large");
    const listed = listedSizes();
    // What the server lists is in its account of the space already.
    const both = [...listed.keys()].reduce((sum, each) => sum + (this.#sizes.get(each) ?? 0), 0);
    const left = this.place.left + (listed.get(path) ?? 0) - (this.#sum - both);
    if (size <= left) return "";
    return this.place.say("no-space", { size: bytes(size), left: bytes(Math.max(0, left)) });
  }

  #shouldRetry(error: DetailedError, attempt: number, next: (error: DetailedError) => boolean): boolean {
    if (!mayHelp(error, attempt)) return false;
    this.isCut = true;
    this.changed();
    return next(error);
  }

  #listen(): void {
    const uppy = this.#uppy;
    uppy.on("file-removed", (file) => {
      this.#uncount(file.meta.path);
      this.changed();
    });
    uppy.on("upload-progress", () => {
      this.isCut = false;
      this.changed();
    });
    uppy.on("upload-success", () => {
      this.isListOld = true;
      this.changed();
    });
    uppy.on("files-added", this.changed);
    uppy.on("upload-error", (file, error) => {
      if (file) this.#setAside(file, sentenceOf(error) || this.place.say("failed"));
    });
    uppy.on("restored", () => this.#goOn());
  }

  /** Out of Uppy, which would try it again with every file that is added. */
  #setAside(file: Coming, sentence: string): void {
    const { path } = file.meta;
    this.stuck.set(path, { path, size: file.size ?? 0, sentence, data: file.data as Blob | undefined });
    if (this.#has(file.id)) this.#uppy.removeFile(file.id);
    this.isListOld = true;
    this.changed();
  }

  /** After a reload: continue what the browser has kept, ask for the rest again. */
  #goOn(): void {
    const files = this.#uppy.getFiles().filter((file) => !file.progress.uploadComplete);
    const listed = listedSizes();
    for (const { meta, size, isGhost } of files) {
      if (!isGhost) this.#count(meta.path, size ?? 0);
      else if (!listed.has(meta.path)) this.#ask(meta.path, size ?? 0);
    }
    const fresh = files.filter((file) => !file.isGhost).map((file) => ({ ...file, ...unbegun(file) }));
    this.#uppy.setState({
      files: Object.fromEntries(fresh.map((file) => [file.id, file])),
      currentUploads: {},
      recoveredState: null,
    });
    this.changed();
    if (fresh.length) void this.#uppy.upload().catch(() => {});
  }

  #count(path: string, size: number): void {
    this.#uncount(path);
    this.#sizes.set(path, size);
    this.#sum += size;
  }

  #uncount(path: string): void {
    this.#sum -= this.#sizes.get(path) ?? 0;
    this.#sizes.delete(path);
  }

  #ask(path: string, size: number): void {
    this.stuck.set(path, { path, size, sentence: this.place.say("again"), data: undefined });
  }

  #has(id: string): boolean {
    return Boolean(this.#uppy.getFile(id));
  }
}

function unbegun(file: Coming): Pick<Coming, "progress" | "isRestored" | "error"> {
  const progress = {
    percentage: 0,
    bytesUploaded: false,
    bytesTotal: file.size,
    uploadComplete: false,
    uploadStarted: null,
  } as const;
  return { progress, isRestored: false, error: null };
}
