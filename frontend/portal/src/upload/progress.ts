import type { Uploader } from "./uploader";
import { bytes, clock } from "./sizes";

/** Half of what a speed says is forgotten after this many seconds. */
const HALF_LIFE = 3;

/** The bar over all files that are on their way: how much, how fast, how long still. */
export class Progress {
  #before = { done: 0, time: 0 };
  #speed = 0;
  /** Bytes of files that arrived since nothing was on its way. */
  #arrived = 0;
  readonly #text: HTMLElement;
  readonly #bar: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #out: HTMLButtonElement;

  constructor(
    readonly element: HTMLElement,
    readonly uploader: Uploader,
  ) {
    this.#text = element.querySelector<HTMLElement>("[data-all-text]")!;
    this.#bar = element.querySelector<HTMLElement>(".progress-bar")!;
    this.#button = element.querySelector<HTMLButtonElement>("[data-all-pause]")!;
    this.#out = element.querySelector<HTMLButtonElement>("[data-all-out]")!;
    this.#button.addEventListener("click", () => (this.#isPaused ? uploader.resumeAll() : uploader.pauseAll()));
    this.#out.addEventListener("click", () => void uploader.takeOut([...uploader.stuck.keys()]));
  }

  /** These are about to leave the uploader's list; their bytes still count. */
  count(arrived: { size: number | null }[]): void {
    this.#arrived += arrived.reduce((sum, file) => sum + (file.size ?? 0), 0);
  }

  draw(): void {
    const { coming, arrived, stuck } = this.uploader;
    if (!coming.length) this.#arrived = 0;
    this.element.hidden = !coming.length && stuck.size < 2;
    this.#out.hidden = stuck.size < 2;
    const going = this.element.querySelector<HTMLElement>("[data-all-going]")!;
    going.hidden = this.#button.hidden = !coming.length;
    if (!coming.length) return;
    const files = [...coming, ...arrived];
    const size = this.#arrived + files.reduce((sum, file) => sum + (file.size ?? 0), 0);
    const done = this.#arrived + files.reduce((sum, file) => sum + Number(file.progress.bytesUploaded || 0), 0);
    this.#measure(done);
    this.#bar.style.width = `${size ? (100 * done) / size : 0}%`;
    const bar = this.#bar.parentElement!;
    bar.setAttribute("aria-valuenow", String(Math.floor((100 * done) / (size || 1))));
    this.#text.textContent = this.#sentence(done, size);
    const label = this.uploader.place.say(this.#isPaused ? "resume-all" : "pause-all");
    if (this.#button.textContent !== label) this.#button.textContent = label;
  }

  get #isPaused(): boolean {
    return this.uploader.coming.every((file) => file.isPaused);
  }

  #sentence(done: number, size: number): string {
    const { place, isCut } = this.uploader;
    const values = { done: bytes(done), size: bytes(size) };
    if (this.#isPaused) return place.say("all-paused", values);
    if (isCut) return place.say("cut");
    const parts = [place.say("all", values)];
    if (done >= size) parts.push(place.say("finishing"));
    else if (this.#speed > 0) {
      parts.push(`${bytes(this.#speed)}/s`, place.say("left", { time: clock((size - done) / this.#speed) }));
    }
    return parts.join(" · ");
  }

  /** Bytes a second, smoothed; what a resumed upload already had is no speed. */
  #measure(done: number): void {
    const now = performance.now() / 1000;
    const seconds = now - this.#before.time;
    if (seconds < 0.2) return;
    const came = done - this.#before.done;
    this.#before = { done, time: now };
    if (came < 0 || seconds > 2 * HALF_LIFE) {
      this.#speed = 0;
      return;
    }
    const kept = this.#speed ? 0.5 ** (seconds / HALF_LIFE) : 0;
    this.#speed = kept * this.#speed + ((1 - kept) * came) / seconds;
  }
}
