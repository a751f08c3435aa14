import type { Uploader } from "./uploader";

/** Keeps the learner on the page while files are on their way, and says why. */
export class WayOn {
  #leaves = false;

  constructor(readonly uploader: Uploader) {
    window.addEventListener("beforeunload", (event) => {
      if (!this.#leaves && uploader.coming.length) event.preventDefault();
    });
    document.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (form.matches("[data-leaves]") && !event.defaultPrevented) this.#leaves = true;
    });
    document.addEventListener("click", (event) => {
      const next = (event.target as Element).closest("[data-next]");
      if (next?.getAttribute("aria-disabled") === "true") event.preventDefault();
    });
  }

  /** The server's word about what it has stands in the page; here is what only we know. */
  draw(): void {
    const next = document.querySelector<HTMLElement>("[data-next]");
    const reason = document.querySelector<HTMLElement>("[data-reason]");
    if (!next || !reason) return;
    const ours = this.#reason();
    reason.dataset["servers"] ??= reason.textContent ?? "";
    const sentence = ours || reason.dataset["servers"];
    if (reason.textContent !== sentence) reason.textContent = sentence;
    next.classList.toggle("disabled", Boolean(ours));
    if (next instanceof HTMLButtonElement) {
      next.dataset["servers"] ??= String(next.disabled);
      next.disabled = Boolean(ours) || next.dataset["servers"] === "true";
    } else if (ours) next.setAttribute("aria-disabled", "true");
    else next.removeAttribute("aria-disabled");
  }

  #reason(): string {
    if (this.uploader.coming.length || this.uploader.arrived.length) return this.uploader.place.say("coming");
    return this.uploader.stuck.size ? this.uploader.place.say("refused") : "";
  }
}
