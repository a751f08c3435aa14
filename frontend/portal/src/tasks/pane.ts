import { draw, parse, split, type Look } from "./lines";
import { size, type LogNode, type Piece, type Reading } from "./reading";

/** Lines that are in the page at once, whatever the log's length. */
const MOST_LINES = 2000;
/** Pixels from an end of what is there within which more is fetched. */
const NEAR = 2000;
/** Pixels from its end within which a log counts as read to the end, and follows what comes. */
const AT_END = 40;
/** Lines of one block, which comes and goes as a whole. */
const BLOCK_LINES = 250;
/** Requests for one member's lines where it wrote none, before the reader is shown that. */
const MOST_EMPTY = 40;

const TRIES = 4;
const TRY_AGAIN_MS = 700;

/** What is there of the log: lines between bytes `start` and `end`. */
interface Block {
  element: HTMLElement;
  start: number;
  end: number;
  lines: number;
}

export interface Words {
  loading: string;
  top: string;
  silent: string;
  empty: string;
  skipped: string;
  more: string;
}

/**
 * One member's lines, or all of a node's: a window on the log that moves along as one scrolls.
 * While the reader is at the end, what is written is added there.
 */
export class Pane {
  readonly element: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #place: HTMLElement;
  readonly #range: HTMLInputElement;
  readonly #fresh: HTMLElement;
  readonly #top = document.createElement("p");
  #blocks: Block[] = [];
  #follows = true;
  #busy = false;
  /** Counts jumps: an answer to what was asked before one is of no use any more. */
  #turn = 0;
  #lines = 0;
  #frame = 0;
  /** How far down the reader was at the last event. */
  #last = 0;
  /** Whether what is there is of a log that has other offsets now. */
  #isStale = false;
  readonly #note = document.createElement("p");
  #noteTimer = 0;
  #words = "";

  constructor(
    private readonly reading: Reading,
    private readonly attempt: number,
    readonly node: LogNode,
    readonly member: string,
    name: string,
    private readonly texts: Words,
    private readonly onGone: () => void,
  ) {
    const template = document.querySelector<HTMLTemplateElement>("#log-pane")!;
    this.element = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    const part = <E extends HTMLElement>(mark: string): E => this.element.querySelector<E>(`[data-pane-${mark}]`)!;
    part("name").textContent = name;
    this.#scroller = part("lines");
    this.#scroller.setAttribute("aria-label", name);
    this.#place = part("place");
    this.#range = part<HTMLInputElement>("range");
    this.#fresh = part("new");
    this.#top.className = "log-top";
    this.#scroller.append(this.#top);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#fresh.addEventListener("click", () => void this.toEnd());
    part("end").addEventListener("click", () => void this.toEnd());
    part("start").addEventListener("click", () => void this.toOffset(0));
    this.#range.addEventListener("change", () => {
      const share = Number(this.#range.value) / 1000;
      void (share >= 1 ? this.toEnd() : this.toPlace(Math.floor(share * this.node.end)));
    });
  }

  get start(): number {
    return this.#blocks[0]?.start ?? 0;
  }

  get end(): number {
    return this.#blocks[this.#blocks.length - 1]?.end ?? 0;
  }

  /** The byte from which on lines are in sight. */
  get sight(): number {
    const top = this.#scroller.scrollTop;
    const seen = this.#blocks.find(({ element }) => element.offsetTop + element.offsetHeight > top);
    if (!seen) return this.start;
    const share = (top - seen.element.offsetTop) / Math.max(seen.element.offsetHeight, 1);
    return seen.start + Math.max(0, share) * (seen.end - seen.start);
  }

  /** Show the end, and follow what comes. */
  async toEnd(): Promise<void> {
    this.#follows = true;
    this.#fresh.hidden = true;
    if (this.#isStale || !this.#blocks.length || this.end < this.node.end) await this.#begin({ before: this.node.end });
    await this.#fill();
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Show the line that begins at `offset` in the middle, and mark it. */
  async toOffset(offset: number, hit = false): Promise<void> {
    this.#follows = false;
    if (!(await this.#begin({ from: offset }))) return;
    const line = this.#blocks[0]?.element.firstElementChild;
    if (hit) line?.classList.add("log-hit");
    if (offset > 0) await this.#earlier();
    await this.#fill();
    line?.scrollIntoView({ block: hit ? "center" : "start" });
  }

  /** Show what is at about byte `at`. */
  async toPlace(at: number): Promise<void> {
    this.#follows = false;
    if (!(await this.#begin({ at }))) return;
    await this.#fill();
    this.#blocks[0]?.element.scrollIntoView({ block: "start" });
  }

  /** Lines that were written between bytes `start` and `end` of the node's log. */
  add(start: number, end: number, text: string): void {
    if (!this.#isStale && end <= this.end && this.#blocks.length) return;
    if (this.#isStale || start !== this.end) {
      if (this.#follows && !this.#isStale) void this.#later();
      else this.#fresh.hidden = false;
      this.#tell();
      return;
    }
    this.#append(start, end, split(text).filter((line) => this.#isMine(line)));
    if (this.#follows) this.#soonToEnd();
    else this.#fresh.hidden = false;
    this.#tell();
  }

  /** The stream went on further ahead; when the log was `renewed`, its offsets are others. */
  async reset(renewed: boolean): Promise<void> {
    if (renewed) {
      this.#turn += 1;
      this.#busy = false;
      this.#isStale = true;
    }
    if (!this.#follows && this.#blocks.length) {
      this.#fresh.hidden = false;
      return;
    }
    await this.toEnd();
    this.#note.className = "tasks-pane-note";
    this.#note.textContent = this.texts.skipped;
    this.#scroller.before(this.#note);
    window.clearTimeout(this.#noteTimer);
    this.#noteTimer = window.setTimeout(() => this.#note.remove(), 8000);
  }

  /** Mark `words` in what is there and in what comes. */
  mark(words: string): void {
    if (words === this.#words) return;
    this.#words = words;
    for (const block of this.#blocks) {
      const lines = [...block.element.children].map((line) => (line as LineElement).line!);
      block.element.replaceChildren(...lines.map((line) => this.#draw(line)));
    }
  }

  /** Begin anew with one piece; false when something else was asked for meanwhile. */
  async #begin(where: Record<string, number>): Promise<boolean> {
    const turn = ++this.#turn;
    this.#busy = true;
    this.#top.textContent = this.texts.loading;
    const piece = await this.#ask(where, "before" in where ? "start" : "end");
    if (turn !== this.#turn) return false;
    this.#busy = false;
    if (!piece) return false;
    this.#blocks.forEach(({ element }) => element.remove());
    this.#blocks = [];
    this.#isStale = false;
    this.#lines = 0;
    this.#last = 0;
    this.#append(piece.start, piece.end, split(piece.text));
    this.#tell();
    return true;
  }

  /** Fetch more until there is something to scroll, by which still more is fetched. */
  async #fill(): Promise<void> {
    const turn = this.#turn;
    while (turn === this.#turn && this.#scroller.scrollHeight < 2 * this.#scroller.clientHeight) {
      const { start, end } = this;
      if (start > 0) await this.#earlier();
      else await this.#later();
      if (start === this.start && end === this.end) return;
    }
  }

  /** A piece with lines in it, if there are any that way; `null` when the log is gone. */
  async #ask(where: Record<string, number>, way: "start" | "end"): Promise<Piece | null> {
    const query = { attempt: this.attempt, node: this.node.node, member: this.member, epoch: this.node.epoch };
    let whole: Piece | null = null;
    for (let tries = 0; tries < MOST_EMPTY; tries += 1) {
      const piece = await this.#piece({ ...query, ...where });
      if (!piece) return whole;
      if (piece.gone) {
        this.onGone();
        return null;
      }
      whole = whole ? { ...piece, start: Math.min(whole.start, piece.start), end: Math.max(whole.end, piece.end) } : piece;
      const isEnd = way === "start" ? piece.start === 0 : piece.end === piece.start || piece.end >= this.node.end;
      if (piece.text || isEnd) return whole;
      where = way === "start" ? { before: piece.start } : { from: piece.end };
    }
    return whole;
  }

  /** One piece; of a log that is being put away, after a moment. */
  async #piece(query: Record<string, string | number>): Promise<Piece | null> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        return await this.reading.piece(query);
      } catch {
        await new Promise((resolve) => window.setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
    return null;
  }

  async #earlier(): Promise<void> {
    if (this.#busy || this.#isStale || this.start === 0) return;
    const piece = await this.#more({ before: this.start }, "start");
    if (!piece) return;
    const height = this.#scroller.scrollHeight;
    this.#prepend(piece.start, piece.end, split(piece.text));
    this.#scroller.scrollTop += this.#scroller.scrollHeight - height;
    while (this.#lines > MOST_LINES && this.#blocks.length > 1) this.#drop(this.#blocks.pop()!);
    this.#tell();
  }

  async #later(): Promise<void> {
    if (this.#busy || this.#isStale || this.end >= this.node.end) return;
    const piece = await this.#more({ from: this.end }, "end");
    if (!piece) return;
    this.#append(piece.start, piece.end, split(piece.text));
    if (this.#follows) this.#soonToEnd();
    this.#tell();
    if (this.#follows && this.end < this.node.end) await this.#later();
  }

  async #more(where: Record<string, number>, way: "start" | "end"): Promise<Piece | null> {
    const turn = this.#turn;
    this.#busy = true;
    const piece = await this.#ask(where, way).finally(() => {
      if (turn === this.#turn) this.#busy = false;
    });
    return turn === this.#turn ? piece : null;
  }

  #append(start: number, end: number, lines: string[]): void {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last && last.lines + lines.length <= BLOCK_LINES) {
      last.element.append(...lines.map((line) => this.#draw(line)));
      last.lines += lines.length;
      last.end = end;
    } else {
      const block = this.#block(start, end, lines);
      this.#scroller.append(block.element);
      this.#blocks.push(block);
    }
    this.#lines += lines.length;
    while (this.#lines > MOST_LINES && this.#blocks.length > 1) {
      const height = this.#scroller.scrollHeight;
      this.#drop(this.#blocks.shift()!);
      if (!this.#follows) this.#scroller.scrollTop -= height - this.#scroller.scrollHeight;
      this.#last = Math.min(this.#last, this.#scroller.scrollTop); // that was not the reader
    }
  }

  #prepend(start: number, end: number, lines: string[]): void {
    const block = this.#block(start, end, lines);
    this.#top.after(block.element);
    this.#blocks.unshift(block);
    this.#lines += lines.length;
  }

  #block(start: number, end: number, lines: string[]): Block {
    const element = document.createElement("div");
    element.append(...lines.map((line) => this.#draw(line)));
    return { element, start, end, lines: lines.length };
  }

  #drop(block: Block): void {
    block.element.remove();
    this.#lines -= block.lines;
  }

  #draw(line: string): HTMLElement {
    const look: Look = { named: !this.member, words: this.#words, more: this.texts.more };
    return Object.assign(draw(parse(line), look), { line });
  }

  #isMine(line: string): boolean {
    return !this.member || line.startsWith(`[${this.member}] `);
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    // What is added and dropped moves the end away too; only who goes up stops following.
    const wentUp = scrollTop < this.#last - 1;
    this.#last = scrollTop;
    this.#follows = this.#follows ? below < AT_END || !wentUp : below < AT_END && this.end >= this.node.end;
    if (this.#follows) this.#fresh.hidden = true;
    if (scrollTop < NEAR) void this.#earlier();
    if (below < NEAR) void this.#later();
    this.#tell();
  }

  #soonToEnd(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    });
  }

  /** Where in the log the reader is. */
  #tell(): void {
    const whole = this.node.end;
    const at = this.#follows ? whole : Math.min(this.sight, whole);
    this.#place.textContent = !whole ? "" : this.#follows ? size(whole) : `${size(at)} / ${size(whole)}`;
    if (document.activeElement !== this.#range) this.#range.value = String(whole ? Math.round((1000 * at) / whole) : 1000);
    this.#range.disabled = !whole;
    const none = !this.#lines && this.start === 0 && this.end >= whole;
    this.#top.textContent = none ? (whole ? this.texts.silent : this.texts.empty) : this.start === 0 ? this.texts.top : this.texts.loading;
  }
}

type LineElement = HTMLElement & { line?: string };
