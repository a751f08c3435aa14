import { EditorState, type Text } from "@codemirror/state";
import { isBelow } from "./page";
import type { Draft } from "./conversation";

/** Another text of a file, with what a save over it has to be based on. */
export type Other = { text: string; base: string; isDraft: boolean };

/**
 * An open file. `base`: SHA-256 of its saved text, empty while there is none; `saved`: that
 * text; `kept`: the text that the platform has as a draft.
 */
export class Doc {
  kept: Text | null = null;
  conflict: Other | null = null;

  constructor(
    public path: string,
    public base: string,
    public saved: Text | null,
    public state: EditorState,
  ) {}

  get text(): string {
    return this.state.sliceDoc(); // with the line ends that it came with
  }

  get isDirty(): boolean {
    return this.saved === null || !this.state.doc.eq(this.saved);
  }

  get isKept(): boolean {
    return this.kept !== null && this.state.doc.eq(this.kept);
  }

  get draft(): Draft {
    return { path: this.path, text: this.text, base: this.base };
  }

  /** It is saved as `text` now; it may have been typed in since. */
  wasSaved(text: Text, base: string): void {
    this.saved = text;
    this.base = base;
    this.kept = null;
    this.conflict = null;
  }
}

/** The open files, in the order of their tabs, and the one that is seen. */
export class Documents {
  readonly all: Doc[] = [];
  current: Doc | null = null;

  at(path: string): Doc | undefined {
    return this.all.find((doc) => doc.path === path);
  }

  below(path: string): Doc[] {
    return this.all.filter((doc) => isBelow(doc.path, path));
  }

  get dirty(): Doc[] {
    return this.all.filter((doc) => doc.isDirty);
  }

  add(doc: Doc): void {
    const after = this.current ? this.all.indexOf(this.current) + 1 : this.all.length;
    this.all.splice(after, 0, doc);
  }

  /** Take a file away; which is seen then. */
  remove(doc: Doc): void {
    const index = this.all.indexOf(doc);
    if (index < 0) return;
    this.all.splice(index, 1);
    if (this.current === doc) this.current = this.all[Math.min(index, this.all.length - 1)] ?? null;
  }
}
