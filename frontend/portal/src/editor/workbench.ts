import { confirmed } from "../dialogs";
import { toast } from "../toasts";
import { Conversation, Refusal, type Draft, type Files } from "./conversation";
import { Documents, type Doc } from "./documents";
import { byId, root, say, showPane } from "./page";
import { Panel } from "./panel";
import { savedText, Session, type Begun } from "./session";
import { Tree, type TreeEvents } from "./tree";

type Saved = Files & { saved: { path: string; hash: string; conflict: boolean }[] };

/** The platform takes no longer request; the rest goes with the next one. */
const BATCH_BYTES = 2_000_000;

/** What belongs together in the page: files, open texts, whose turn it is. */
export class Workbench {
  readonly talk = new Conversation(root.dataset["address"] ?? "");
  readonly docs = new Documents();
  readonly panel: Panel;
  readonly tree: Tree;
  readonly session: Session;
  private hasBegun = false;

  constructor(treeEvents: (bench: Workbench) => Omit<TreeEvents, "open">) {
    this.panel = new Panel(this.docs, {
      changed: (doc) => this.changed(doc),
      close: (doc) => void this.close(doc),
      save: () => void this.save(),
      seen: (doc) => this.tree.reveal(doc.path),
    });
    this.tree = new Tree({ ...treeEvents(this), open: (path) => void this.open(path, true) });
    this.session = new Session(this.talk, this.docs, {
      begun: (begun) => this.begun(begun),
      writable: (isWritable) => {
        this.panel.setWritable(isWritable);
        this.tree.setWritable(isWritable);
        root.toggleAttribute("data-writable", isWritable);
      },
    });
    byId("ide-save").addEventListener("click", () => void this.save());
    byId("ide-keep-mine").addEventListener("click", () => this.decide(true));
    byId("ide-take-theirs").addEventListener("click", () => this.decide(false));
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        void this.save();
      }
    });
  }

  /** Begin to edit, or to look when another tab edits. */
  async start(): Promise<void> {
    if (!(await this.session.begin())) {
      this.showFiles(await this.talk.get<Files>("tree"));
      await this.openFirst();
    }
  }

  showFiles(files: Files): void {
    this.tree.show(files);
    document.dispatchEvent(new CustomEvent("editor:files"));
  }

  /** Open a file, or see it when it is open; why not, when it can't be. */
  async open(path: string, isFocused = false): Promise<void> {
    let doc = this.docs.at(path);
    if (!doc) {
      try {
        const found = await savedText(this.talk, path);
        if (!found) return toast(say("gone"), "warning");
        doc = this.docs.at(path) ?? this.adopt(this.panel.newDoc(path, found.text, found.hash));
      } catch (refusal) {
        return toast((refusal as Refusal).message, "warning");
      }
    }
    this.panel.show(doc, isFocused);
    showPane("code");
  }

  /** Close a tab; changes that are not saved go, when that is wanted. */
  async close(doc: Doc): Promise<void> {
    if (doc.isDirty && !(await confirmed(say("sureClose", { name: doc.path }), say("discard")))) return;
    if (doc.kept) this.session.drop(doc.path).catch(() => undefined);
    this.forget(doc);
  }

  /** Close tabs of files that are gone. */
  forget(...docs: Doc[]): void {
    docs.forEach((doc) => this.docs.remove(doc));
    this.panel.show(this.docs.current);
    this.session.draw();
  }

  /** Save all files with changes; true when all are saved. */
  async save(): Promise<boolean> {
    if (!this.session.canWrite) return false;
    const waiting = this.docs.dirty.filter((doc) => !doc.conflict);
    this.session.saving(true);
    try {
      while (waiting.length) await this.saveSome(waiting);
    } catch (refusal) {
      toast((refusal as Refusal).message, "error");
      return false;
    } finally {
      this.session.saving(false);
      this.panel.draw();
    }
    const conflict = this.docs.all.find((doc) => doc.conflict);
    if (!conflict) return this.docs.dirty.length === 0;
    this.panel.show(conflict);
    toast(say("conflicts"), "warning");
    return false;
  }

  /** Open a text as a change that is not saved yet; `base`: of what it is to replace. */
  openChange(path: string, text: string, base: string, saved: string | null): Doc {
    const doc = this.docs.at(path) ?? this.adopt(this.panel.newDoc(path, saved ?? text, base, saved !== null));
    if (saved !== null) this.panel.replace(doc, text);
    return doc;
  }

  /** What `path` holds has changed by something else than its tab. */
  async refresh(path: string): Promise<void> {
    const doc = this.docs.at(path);
    if (doc) await this.compare(doc);
    this.panel.draw();
    this.session.draw();
  }

  private adopt(doc: Doc): Doc {
    this.docs.add(doc);
    return doc;
  }

  private changed(doc: Doc): void {
    const tab = byId("ide-tabs").querySelector(`[data-path="${CSS.escape(doc.path)}"] .ide-dot`);
    if (Boolean(tab) !== doc.isDirty) this.panel.draw();
    this.session.changed();
  }

  /** Send as many as one request takes, and take them off `waiting`. */
  private async saveSome(waiting: Doc[]): Promise<void> {
    let sent: [Doc, Doc["state"]["doc"], Draft][] = [];
    const answer = await this.session.write<Saved>("save", () => {
      sent = [];
      for (let bytes = 0; waiting.length; ) {
        const doc = waiting[0] as Doc;
        bytes += JSON.stringify(doc.draft).length * (/[^\0-\x7f]/.test(doc.text) ? 3 : 1);
        if (sent.length && bytes > BATCH_BYTES) break;
        sent.push([doc, doc.state.doc, doc.draft]);
        waiting.shift();
      }
      return { files: sent.map(([_doc, _text, draft]) => draft) };
    });
    for (const [index, { hash, conflict }] of answer.saved.entries()) {
      const [doc, text] = sent[index] ?? [];
      if (!doc || !text) continue;
      if (conflict) await this.compare(doc);
      else doc.wasSaved(text, hash);
      if (doc.isDirty && !conflict) this.session.changed(); // typed in meanwhile: its draft went with the save
    }
    this.showFiles(answer);
  }

  /** This tab edits (again): what changed meanwhile, and what was typed before. */
  private async begun(begun: Begun): Promise<void> {
    this.showFiles(begun);
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    await Promise.all(this.docs.all.map((doc) => this.compare(doc)));
    for (const draft of begun.drafts) await this.bringBack(draft);
    if (isFirst) {
      await this.openFirst();
      if (begun.drafts.length) toast(say("restored"), "info");
    }
    this.panel.draw();
  }

  /** Take over what the platform has of a file that is open here, or ask. */
  private async compare(doc: Doc): Promise<void> {
    const found = await savedText(this.talk, doc.path);
    const hash = found?.hash ?? "";
    if (hash === doc.base) return;
    const text = this.panel.documentOf(found?.text ?? "");
    const wasKeptSo = doc.kept !== null && doc.kept.eq(text);
    if (doc.state.doc.eq(text) || wasKeptSo) doc.wasSaved(text, hash);
    else if (!doc.isDirty) {
      doc.wasSaved(text, hash);
      this.panel.replace(doc, found?.text ?? "");
    } else doc.conflict = { text: found?.text ?? "", base: hash, isDraft: false };
    if (!found) doc.saved = null;
  }

  /** A draft that another tab, or this one before it died, has left. */
  private async bringBack(draft: Draft): Promise<void> {
    const open = this.docs.at(draft.path);
    if (open?.isDirty) {
      if (open.text !== draft.text) open.conflict = { text: draft.text, base: draft.base, isDraft: true };
      return;
    }
    const found = open ? null : await savedText(this.talk, draft.path).catch(() => null);
    const saved = open ? open.text : (found?.text ?? null);
    const doc = this.openChange(draft.path, draft.text, open?.base ?? found?.hash ?? "", saved);
    doc.kept = this.panel.documentOf(draft.text);
    if (doc.base === draft.base) return;
    doc.conflict = { text: saved ?? "", base: doc.base, isDraft: false };
    doc.base = draft.base;
  }

  private async openFirst(): Promise<void> {
    const first = this.docs.all[0];
    if (first) return this.panel.show(this.docs.current ?? first);
    const files = this.tree.entries.filter((entry) => entry.kind === "file" && /\.(py|txt)$/i.test(entry.path));
    const path = files.find((entry) => entry.path === this.tree.mainFile)?.path ?? files[0]?.path;
    if (path) await this.open(path);
  }

  /** The answer to a conflict: the text here stays, to be saved over the other; or not. */
  private decide(isMine: boolean): void {
    const doc = this.docs.current;
    const other = doc?.conflict;
    if (!doc || !other) return;
    doc.conflict = null;
    if (!isMine && !other.isDraft) doc.wasSaved(this.panel.documentOf(other.text), other.base);
    doc.base = other.base;
    if (!isMine) this.panel.replace(doc, other.text);
    this.panel.draw();
    this.session.changed();
    this.panel.focus();
  }
}
