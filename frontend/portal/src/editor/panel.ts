import { indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, type ViewUpdate } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { codeLook, shadowed } from "../code/look";
import { Doc, type Documents } from "./documents";
import { byId, folderOf, make, nameOf, picture, root, say } from "./page";

export type PanelEvents = {
  changed(doc: Doc): void;
  close(doc: Doc): void;
  save(): void;
  seen(doc: Doc): void;
};

/** The right side: a tab for each open file, and the text of the one that is seen. */
export class Panel {
  private readonly writing = new Compartment();
  private readonly tabs = byId("ide-tabs");
  private readonly holder = byId("ide-code");
  private readonly view = new EditorView(shadowed(this.holder));
  private isWritable = false;

  constructor(
    private readonly docs: Documents,
    private readonly events: PanelEvents,
  ) {
    this.tabs.addEventListener("click", (event) => this.clicked(event));
    this.tabs.addEventListener("auxclick", (event) => {
      const doc = event.button === 1 ? this.docAt(event) : undefined;
      if (doc && this.docs.all.length > 1) this.events.close(doc);
    });
  }

  /** A new open file with `text`, saved as that (`base`) or not at all (`saved` false). */
  newDoc(path: string, text: string, base: string, isSaved = true): Doc {
    const state = this.newState(path, text);
    return new Doc(path, base, isSaved ? state.doc : null, state);
  }

  /** What `text` is as a document, to compare with. */
  documentOf(text: string): EditorState["doc"] {
    return this.newState("", text).doc;
  }

  /** See `doc`, and go to its text when `isFocused`. */
  show(doc: Doc | null, isFocused = false): void {
    this.docs.current = doc;
    this.holder.hidden = !doc;
    byId("ide-empty").hidden = Boolean(doc);
    if (doc) {
      this.view.setState(doc.state);
      this.view.dispatch({ effects: this.writing.reconfigure(this.writable()) });
      this.view.contentDOM.setAttribute("aria-label", doc.path);
      if (isFocused) this.view.focus();
      this.events.seen(doc);
    }
    this.draw();
  }

  /** Put another text in the place of a file's; it can be undone. */
  replace(doc: Doc, text: string): void {
    const changes = { from: 0, to: doc.state.doc.length, insert: doc.state.toText(text) };
    if (this.docs.current === doc) this.view.dispatch({ changes });
    else doc.state = doc.state.update({ changes }).state;
  }

  setWritable(isWritable: boolean): void {
    this.isWritable = isWritable;
    if (this.docs.current) this.view.dispatch({ effects: this.writing.reconfigure(this.writable()) });
  }

  /** Tabs, the question about a conflict, the line below. */
  draw(): void {
    const current = this.docs.current;
    const names = this.docs.all.map((doc) => nameOf(doc.path));
    const hadFocus = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(
      ...this.docs.all.map((doc, index) => this.tab(doc, names.filter((name) => name === names[index]).length > 1)),
    );
    const seen = this.tabs.querySelector<HTMLElement>("[aria-current]");
    seen?.parentElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (hadFocus) seen?.focus();
    byId("ide-where").textContent = current?.path ?? "";
    const conflict = current?.conflict;
    byId("ide-conflict").hidden = !conflict;
    const question = byId("ide-conflict").querySelector("[data-conflict]");
    if (question && conflict) question.textContent = say(conflict.isDraft ? "conflictDraft" : "conflict");
    this.drawLine();
  }

  focus(): void {
    this.view.focus();
  }

  private tab(doc: Doc, isAmbiguous: boolean): HTMLElement {
    const isCurrent = doc === this.docs.current;
    const name = nameOf(doc.path);
    const button = make("button", { type: "button", class: "ide-tab-name", title: doc.path, "aria-current": isCurrent ? "true" : undefined }, name);
    if (isAmbiguous && folderOf(doc.path)) button.append(make("small", {}, ` ${folderOf(doc.path)}`));
    if (doc.isDirty) button.append(make("span", { class: "ide-dot", title: say("changed") }), make("span", { class: "visually-hidden" }, `, ${say("changed")}`));
    const item = make("li", { class: isCurrent ? "ide-tab ide-tab-seen" : "ide-tab", "data-path": doc.path }, button);
    // Guide: 当至最后一个文件时即不可关闭.
    if (this.docs.all.length > 1) item.append(make("button", { type: "button", class: "ide-tab-close", "data-close": "", "aria-label": say("close", { name }) }, picture("x")));
    return item;
  }

  private clicked(event: Event): void {
    const doc = this.docAt(event);
    if (!doc) return;
    if ((event.target as Element).closest("[data-close]")) this.events.close(doc);
    else this.show(doc, true);
  }

  private docAt(event: Event): Doc | undefined {
    const path = (event.target as Element).closest<HTMLElement>("[data-path]")?.dataset["path"];
    return path === undefined ? undefined : this.docs.at(path);
  }

  private updated(update: ViewUpdate): void {
    const doc = this.docs.current;
    if (!doc) return;
    doc.state = update.state;
    if (update.docChanged) this.events.changed(doc);
    if (update.docChanged || update.selectionSet) this.drawLine();
  }

  private drawLine(): void {
    const doc = this.docs.current;
    if (!doc) return void (byId("ide-line").textContent = "");
    const head = doc.state.selection.main.head;
    const line = doc.state.doc.lineAt(head);
    byId("ide-line").textContent = say("line", { line: line.number, column: head - line.from + 1 });
  }

  private newState(path: string, text: string): EditorState {
    const ends = text.match(/\r\n?|\n/g) ?? [];
    const isWindows = ends.length > 0 && ends.every((end) => end === "\r\n");
    return EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        // Escape, then Tab, leaves the editor: CodeMirror's own way out for the keyboard.
        keymap.of([{ key: "Mod-s", preventDefault: true, run: () => (this.events.save(), true) }, indentWithTab]),
        indentUnit.of("    "),
        path.toLowerCase().endsWith(".py") ? python() : [],
        isWindows ? EditorState.lineSeparator.of("\r\n") : [],
        EditorState.phrases.of(phrases),
        EditorView.theme({ "&": { height: "100%" }, "&.cm-focused": { outline: "none" } }), // before the look: it wins
        codeLook,
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => this.updated(update)),
        this.writing.of(this.writable()),
      ],
    });
  }

  private writable(): Extension {
    return [EditorState.readOnly.of(!this.isWritable)];
  }
}

/** CodeMirror's own words in the page's language, as `key=word|key=word`. */
const phrases: Record<string, string> = Object.fromEntries(
  (root.dataset["phrases"] ?? "").split("|").map((pair) => pair.split("=") as [string, string]),
);
