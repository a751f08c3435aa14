import type { Coming, Stuck, Uploader } from "./uploader";
import { bytes } from "./sizes";

/** A long list helps nobody, and drawing it again and again would slow the upload. */
const MOST_STUCK = 100;
const MOST_WAITING = 5;

interface Shown {
  path: string;
  text: string;
  /** Of 100; `undefined` shows no bar. */
  percent: number | undefined;
  isWrong: boolean;
  buttons: { name: string; label: string; press: () => void }[];
}

interface Line {
  element: HTMLLIElement;
  text: HTMLElement;
  bar: HTMLElement;
  buttons: HTMLElement;
  drawn: string;
}

/** The list of files that are not in the server's list yet, or not completely. */
export class Lines {
  readonly #drawn = new Map<string, Line>();
  readonly #more = document.createElement("li");

  constructor(
    readonly list: HTMLElement,
    readonly uploader: Uploader,
  ) {
    this.#more.className = "draft-more text-secondary";
  }

  /** Draw again; what the server lists of the same paths is hidden meanwhile. */
  draw(): void {
    const { shown, more } = this.#wanted();
    const paths = new Set(shown.map((line) => line.path));
    for (const [path, line] of this.#drawn) {
      if (paths.has(path)) continue;
      line.element.remove();
      this.#drawn.delete(path);
    }
    let before: Element | null = this.list.firstElementChild;
    for (const wanted of shown) {
      const { element } = this.#line(wanted);
      if (element === before) before = element.nextElementSibling;
      else this.list.insertBefore(element, before);
    }
    this.#more.textContent = more ? this.#say("more-waiting", { count: more }) : "";
    if (more) this.list.append(this.#more);
    else this.#more.remove();
    this.list.hidden = !shown.length;
    hideListed(paths, new Set(this.uploader.arrived.map((file) => file.meta.path)));
  }

  #wanted(): { shown: Shown[]; more: number } {
    const coming = this.uploader.coming;
    const going = coming.filter((file) => file.progress.bytesUploaded || file.isPaused);
    const waiting = coming.filter((file) => !file.progress.bytesUploaded && !file.isPaused);
    const stuck = [...this.uploader.stuck.values()];
    return {
      shown: [
        ...stuck.slice(0, MOST_STUCK).map((file) => this.#stuck(file)),
        ...going.map((file) => this.#going(file)),
        ...waiting.slice(0, MOST_WAITING).map((file) => this.#going(file)),
      ],
      more: Math.max(0, stuck.length - MOST_STUCK) + Math.max(0, waiting.length - MOST_WAITING),
    };
  }

  #stuck({ path, size, sentence, data }: Stuck): Shown {
    const retry = { name: "retry", label: this.#say("retry"), press: () => this.uploader.retry(path) };
    return {
      path,
      text: size ? `${bytes(size)} · ${sentence}` : sentence,
      percent: undefined,
      isWrong: true,
      buttons: [...(data && size ? [retry] : []), this.#out(path)],
    };
  }

  #going(file: Coming): Shown {
    const size = file.size ?? 0;
    const done = Number(file.progress.bytesUploaded || 0);
    const values = { done: bytes(done), size: bytes(size) };
    const text = file.isPaused
      ? this.#say("paused", values)
      : done
        ? this.#say("uploading", values)
        : `${bytes(size)} · ${this.#say("waiting")}`;
    const pause = {
      name: "pause",
      label: this.#say(file.isPaused ? "resume" : "pause"),
      press: () => this.uploader.pauseOrResume(file.id),
    };
    const percent = size ? (100 * done) / size : 0;
    const path = file.meta.path;
    return { path, text, percent, isWrong: false, buttons: [...(done ? [pause] : []), this.#out(path)] };
  }

  #out(path: string): Shown["buttons"][number] {
    return { name: "out", label: this.#say("take-out"), press: () => void this.uploader.takeOut([path]) };
  }

  /** The line of `wanted`, brought up to date; its buttons stay while they say the same. */
  #line(wanted: Shown): Line {
    const line = this.#drawn.get(wanted.path) ?? blank(wanted.path);
    this.#drawn.set(wanted.path, line);
    line.element.classList.toggle("draft-wrong", wanted.isWrong);
    line.element.setAttribute("data-state", wanted.isWrong ? "stuck" : "coming");
    if (line.text.textContent !== wanted.text) line.text.textContent = wanted.text;
    line.bar.parentElement!.hidden = wanted.percent === undefined;
    line.bar.style.width = `${wanted.percent ?? 0}%`;
    const labels = wanted.buttons.map((button) => button.label).join("|");
    if (line.drawn !== labels) {
      const focused = line.buttons.contains(document.activeElement) && (document.activeElement as HTMLElement);
      line.buttons.replaceChildren(...wanted.buttons.map((button) => control(button, wanted.path)));
      if (focused) line.buttons.querySelector<HTMLElement>(`[data-do=${focused.dataset["do"]}]`)?.focus();
      line.drawn = labels;
    }
    return line;
  }

  #say(name: string, values: Record<string, string | number> = {}): string {
    return this.uploader.place.say(name, values);
  }
}

function blank(path: string): Line {
  const pattern = document.querySelector<HTMLTemplateElement>("#draft-line-pattern")!;
  const element = (pattern.content.cloneNode(true) as DocumentFragment).querySelector("li")!;
  const part = (name: string): HTMLElement => element.querySelector<HTMLElement>(name)!;
  part(".draft-path").textContent = path;
  element.dataset["path"] = path;
  return { element, text: part("small"), bar: part(".progress-bar"), buttons: part(".draft-buttons"), drawn: "" };
}

function control({ name, label, press }: Shown["buttons"][number], path: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = name === "out" ? "btn btn-sm btn-ghost-secondary" : "btn btn-sm";
  button.dataset["do"] = name;
  button.textContent = label;
  const about = document.createElement("span");
  about.className = "visually-hidden";
  about.textContent = ` ${path}`;
  button.append(about);
  button.addEventListener("click", press);
  return button;
}

/** The server's list may be older than what we know: `arrived` is not unfinished any more. */
function hideListed(shown: Set<string>, arrived: Set<string>): void {
  document.querySelectorAll<HTMLElement>("#draft-files .draft-line").forEach((line) => {
    const path = line.dataset["path"] ?? "";
    line.hidden = shown.has(path) || (line.matches(".draft-unfinished") && arrived.has(path));
  });
  const none = document.querySelector<HTMLElement>("#draft-files [data-none]");
  if (none) none.hidden = shown.size + arrived.size > 0;
}
