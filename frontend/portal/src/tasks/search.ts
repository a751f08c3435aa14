import type { Pane } from "./pane";
import type { LogNode, Reading } from "./reading";

/** Hits that are kept; of a word that is everywhere, nobody looks at more. */
const MOST_HITS = 10_000;
const TYPING_MS = 350;

interface Hit {
  node: number;
  offset: number;
  member: string;
}

/** The search box of a log: looks through all of it, and goes from hit to hit. */
export class Search {
  readonly #input: HTMLInputElement;
  readonly #count: HTMLElement;
  readonly #previous: HTMLButtonElement;
  #attempt = 0;
  #nodes: LogNode[] = [];
  #panes: Pane[] = [];
  #hits: Hit[] = [];
  #at = -1;
  #words = "";
  #asked: AbortController | null = null;
  #typing = 0;

  constructor(
    form: HTMLElement,
    private readonly reading: Reading,
    private readonly said: (name: string) => string,
  ) {
    this.#input = form.querySelector("input")!;
    this.#count = form.querySelector<HTMLElement>("[data-log-count]")!;
    this.#previous = form.querySelector<HTMLButtonElement>("[data-log-previous]")!;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      window.clearTimeout(this.#typing);
      if (this.#input.value.trim() !== this.#words) void this.#look();
      else this.#go(1);
    });
    this.#previous.addEventListener("click", () => this.#go(-1));
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return;
      event.preventDefault();
      this.#go(-1);
    });
    this.#input.addEventListener("input", () => {
      window.clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => void this.#look(), TYPING_MS);
    });
  }

  /** Search these panes from now on. */
  over(attempt: number, nodes: LogNode[], panes: Pane[]): void {
    this.#attempt = attempt;
    this.#nodes = nodes;
    this.#panes = panes;
    if (this.#input.value.trim()) void this.#look(false);
  }

  /** What was found is of a log that is not shown any more. */
  clear(): void {
    this.forget();
    this.#panes = [];
  }

  /** Hits are not where they were; the next Enter looks for them again. */
  forget(): void {
    this.#asked?.abort();
    this.#hits = [];
    this.#at = -1;
    this.#words = "";
    this.#tell(false);
  }

  async #look(goes = true): Promise<void> {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.#words = this.#input.value.trim();
    this.#hits = [];
    this.#at = -1;
    this.#panes.forEach((pane) => pane.mark(this.#words.toLowerCase()));
    this.#tell(Boolean(this.#words));
    if (!this.#words) return;
    try {
      for (const node of this.#nodes) {
        if (this.#panes.some((pane) => pane.node === node)) await this.#lookIn(node, asked.signal);
      }
    } catch {
      if (asked.signal.aborted) return;
    }
    this.#tell(false);
    if (goes) this.#go(1);
  }

  async #lookIn(node: LogNode, signal: AbortSignal): Promise<void> {
    const panes = this.#panes.filter((pane) => pane.node === node);
    const member = panes.length === 1 ? panes[0]!.member : "";
    let from: number | null = 0;
    while (from !== null && this.#hits.length < MOST_HITS) {
      const found = await this.reading.search({ attempt: this.#attempt, node: node.node, q: this.#words, from, member }, signal);
      signal.throwIfAborted();
      if (found.epoch !== node.epoch) return;
      this.#hits.push(...found.hits.map(([offset, whose]) => ({ node: node.node, offset, member: whose })).filter((hit) => this.#pane(hit)));
      from = found.end;
      this.#tell(true);
    }
  }

  #pane(hit: Hit): Pane | undefined {
    return this.#panes.find((pane) => pane.node.node === hit.node && (!pane.member || pane.member === hit.member));
  }

  /** To the hit `step` further; at first to the next one behind what is in sight. */
  #go(step: 1 | -1): void {
    if (!this.#hits.length) return;
    if (this.#at < 0) {
      const behind = this.#hits.findIndex((hit) => hit.offset >= (this.#pane(hit)?.sight ?? 0));
      this.#at = behind < 0 ? this.#hits.length - 1 : behind;
    } else this.#at = (this.#at + step + this.#hits.length) % this.#hits.length;
    const hit = this.#hits[this.#at]!;
    void this.#pane(hit)?.toOffset(hit.offset, true);
    this.#tell(false);
  }

  #tell(searching: boolean): void {
    const count = this.#hits.length;
    const whole = count >= MOST_HITS ? `${MOST_HITS}+` : String(count);
    this.#previous.disabled = !count;
    if (searching) this.#count.textContent = `${this.said("textSearching")}… ${count || ""}`;
    else if (!this.#words) this.#count.textContent = "";
    else this.#count.textContent = count ? (this.#at < 0 ? whole : `${this.#at + 1} / ${whole}`) : this.said("textNone");
  }
}
