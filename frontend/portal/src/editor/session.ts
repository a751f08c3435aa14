import { Text as Lines } from "@codemirror/state";
import { toast } from "../toasts";
import { Refusal, type Conversation, type Draft, type Files, type Text } from "./conversation";
import type { Doc, Documents } from "./documents";
import { byId, root, say } from "./page";

export type Begun = Files & { token: string; drafts: Draft[] };

export type SessionEvents = {
  begun(begun: Begun): Promise<void>;
  writable(isWritable: boolean): void;
};

const KEEP_AFTER = 1_500;
const ALIVE_EVERY = 20_000;
const AGAIN_AFTER = 5_000;
const PATIENCE = 4_000;

/**
 * This tab's turn to write, and the drafts it keeps meanwhile. Another tab that takes over
 * is learned of at the next word; what was typed here then stays in this page.
 */
export class Session {
  private timer: number | undefined;
  private isMine = false;
  private isCut = false;
  private isSaving = false;

  constructor(
    private readonly talk: Conversation,
    private readonly docs: Documents,
    private readonly events: SessionEvents,
  ) {
    window.setInterval(() => void (this.isMine && this.keep()), ALIVE_EVERY);
    byId("ide-take-over").addEventListener("click", () => void this.begin(true));
    document.addEventListener("visibilitychange", () => document.hidden && this.isMine && void this.keep());
    window.addEventListener("pagehide", () => this.leave());
    document.addEventListener("click", (event) => this.followed(event));
    window.addEventListener("pageshow", (event) => event.persisted && void this.begin());
    window.addEventListener("beforeunload", (event) => {
      if (this.isMine && this.unkept.length && !this.fits()) event.preventDefault();
    });
  }

  get canWrite(): boolean {
    return this.isMine;
  }

  /** Ask for this tab's turn; true when it has it. */
  async begin(takeOver = false): Promise<boolean> {
    this.talk.token ||= sessionStorage.getItem(this.key) ?? "";
    sessionStorage.removeItem(this.key); // a tab that is duplicated must not have it too
    try {
      const begun = await this.talk.post<Begun>("session", () => ({ take_over: takeOver }));
      this.talk.token = begun.token;
      this.isMine = true;
      byId("ide-told").hidden = true;
      this.events.writable(true);
      await this.events.begun(begun);
    } catch (refusal) {
      this.lose(refusal as Refusal, say("elsewhere"));
    }
    this.draw();
    return this.isMine;
  }

  /** A text has changed: keep it soon. */
  changed(): void {
    this.timer ??= window.setTimeout(() => void this.keep(), KEEP_AFTER);
    this.draw();
  }

  /** Keep what is typed and not kept yet, and say that the tab is alive. */
  async keep(): Promise<void> {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.isMine) return;
    let sent: [Doc, Lines][] = [];
    let dropped: Doc[] = [];
    try {
      await this.talk.post("drafts", () => {
        sent = this.unkept.map((doc) => [doc, doc.state.doc]);
        dropped = this.docs.all.filter((doc) => doc.kept && !doc.isDirty);
        return { drafts: sent.map(([doc]) => doc.draft), dropped: dropped.map((doc) => doc.path) };
      });
      for (const [doc, text] of sent) doc.kept = text;
      for (const doc of dropped) doc.kept = null;
      this.isCut = false;
    } catch (refusal) {
      const isKnown = await this.failed(refusal as Refusal);
      if (!isKnown && !this.isCut) toast((refusal as Refusal).message, "error"); // once, not at every draft
      this.isCut ||= !isKnown;
    }
    this.draw();
  }

  /** Forget a draft that is not wanted any more. */
  async drop(path: string): Promise<void> {
    await this.write("drafts", () => ({ dropped: [path] }));
  }

  /** Do something that only the tab whose turn it is may; what refuses it is raised. */
  async write<T>(what: string, body: () => object): Promise<T> {
    try {
      return await this.talk.post<T>(what, body);
    } catch (refusal) {
      await this.failed(refusal as Refusal);
      throw refusal;
    }
  }

  /** Tell that saving goes on, until it is over. */
  saving(isSaving: boolean): void {
    this.isSaving = isSaving;
    this.draw();
  }

  /** What is said about this tab and its texts. */
  draw(): void {
    const isDirty = this.docs.dirty.length > 0;
    const state = !this.isMine ? "readOnly" : this.isSaving ? "saving" : this.isCut ? "notKept" : !isDirty ? "ready" : this.unkept.length ? "typing" : "unsaved";
    byId("ide-state").textContent = say(state);
    byId("ide-state").classList.toggle("text-danger", state === "notKept");
    byId<HTMLButtonElement>("ide-save").disabled = !this.isMine || !isDirty;
    byId<HTMLButtonElement>("ide-submit").disabled = !this.isMine;
  }

  /** What a refusal means for this tab: another's turn, a sleep that was long, no network;
   * false when it is about what was asked for. */
  private async failed(refusal: Refusal): Promise<boolean> {
    if (refusal.code === "session_over") {
      this.isMine = false;
      await this.begin();
    } else if (["taken_over", "signed_out", "403"].includes(refusal.code)) {
      this.lose(refusal, say("taken"));
    } else if (refusal.code === "offline" || /^5/.test(refusal.code)) {
      this.isCut = true;
      this.timer ??= window.setTimeout(() => void this.keep(), AGAIN_AFTER);
    } else {
      return false;
    }
    return true;
  }

  private lose(refusal: Refusal, more: string): void {
    this.isMine = false;
    const told = byId("ide-told");
    const sentence = told.querySelector("[data-told]");
    if (sentence) sentence.textContent = `${refusal.message} ${more}`;
    told.hidden = false;
    this.events.writable(false);
  }

  /** A link away: leave first, so that the page it leads to knows the version that was kept. */
  private followed(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    const isOther = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || isOther || !this.isMine || link.target || link.hasAttribute("download") || link.hash) return;
    event.preventDefault();
    const patience = new Promise((done) => window.setTimeout(done, PATIENCE));
    const left = this.talk.post("leave", () => ({ drafts: this.unkept.map((doc) => doc.draft) })).then(
      () => (this.isMine = false),
      () => undefined, // the last word of `leave` is tried then
    );
    void Promise.race([left, patience]).then(() => location.assign(link.href));
  }

  private leave(): void {
    if (!this.isMine) return;
    this.isMine = false; // a page that comes back from the browser's cache begins again
    sessionStorage.setItem(this.key, this.talk.token);
    if (this.talk.lastWord("leave", { drafts: this.unkept.map((doc) => doc.draft) })) return;
    this.talk.lastWord("leave", {});
  }

  private get unkept(): Doc[] {
    return this.docs.dirty.filter((doc) => !doc.isKept);
  }

  /** Whether a last word could carry what is not kept. */
  private fits(): boolean {
    return JSON.stringify(this.unkept.map((doc) => doc.draft)).length < 20_000;
  }

  private get key(): string {
    return `lyceum-editor-${root.dataset["project"]}`;
  }
}

/** The saved text of a file, `null` when it is not there any more. */
export async function savedText(talk: Conversation, path: string): Promise<Text | null> {
  try {
    return await talk.get<Text>("text", { path });
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.code === "no_such_file") return null;
    throw refusal;
  }
}
