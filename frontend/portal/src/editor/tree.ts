import { byId, folderOf, isBelow, joined, make, nameOf, picture, say, size } from "./page";
import type { Entry, Files } from "./conversation";

/** What the tree tells of: the rest of the page does it. */
export type TreeEvents = {
  open(path: string): void;
  menu(entry: Entry, from: HTMLElement, at?: { x: number; y: number }): void;
  rename(path: string): void;
  remove(entry: Entry): void;
  move(path: string, folder: string): void;
  upload(files: File[], folder: string): void;
};

const DRAGGED = "application/x-lyceum-path";

/** 文件管理: the project's files, by mouse, touch and keyboard (the tree pattern of ARIA). */
export class Tree {
  mainFile = "";
  entries: Entry[] = [];
  private readonly list = byId("ide-tree");
  private readonly open = new Set<string>();
  private readonly shown = new WeakMap<HTMLElement, Entry>();
  private selected = "";
  private isWritable = false;

  constructor(private readonly events: TreeEvents) {
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("dblclick", (event) => this.opened(this.entryAt(event)));
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("contextmenu", (event) => {
      const entry = this.entryAt(event);
      const row = this.rowAt(event);
      if (!entry || !row) return;
      event.preventDefault();
      this.select(entry.path);
      if (entry.path) this.events.menu(entry, row, { x: event.clientX, y: event.clientY });
    });
    this.startDragging();
  }

  /** The files are these now. */
  show(files: Files): void {
    this.mainFile = files.main_file;
    this.entries = files.entries;
    byId("ide-cut").hidden = !files.is_cut;
    if (this.selected && !this.entryOf(this.selected)) this.selected = "";
    this.draw();
  }

  setWritable(isWritable: boolean): void {
    this.isWritable = isWritable;
    this.draw();
  }

  entryOf(path: string): Entry | undefined {
    return this.entries.find((entry) => entry.path === path);
  }

  /** Folders by path, the top one (empty) first. */
  get folders(): string[] {
    return ["", ...this.entries.filter((entry) => entry.kind === "folder" && entry.path).map((entry) => entry.path)];
  }

  /** Where something new goes: the selected folder, or the selected file's. */
  get place(): string {
    const entry = this.entryOf(this.selected);
    if (!entry) return "";
    return entry.kind === "folder" ? entry.path : folderOf(entry.path);
  }

  /** Select a file or folder, with its folders open; `isFocused`: and go there. */
  reveal(path: string, isFocused = false): void {
    for (let folder = folderOf(path); folder; folder = folderOf(folder)) this.open.add(folder);
    this.selected = path;
    this.draw();
    const row = this.row(path);
    row?.scrollIntoView({ block: "nearest" });
    if (isFocused) row?.focus();
  }

  /** An open folder that has moved stays open. */
  moved(path: string, newPath: string): void {
    for (const folder of [...this.open]) {
      if (isBelow(folder, path)) this.open.add(newPath + folder.slice(path.length));
    }
  }

  private draw(): void {
    const hadFocus = this.list.contains(document.activeElement);
    const byFolder = new Map<string, Entry[]>();
    for (const entry of this.entries) {
      const siblings = byFolder.get(entry.folder);
      if (siblings) siblings.push(entry);
      else byFolder.set(entry.folder, [entry]);
    }
    this.list.replaceChildren(...this.items("", byFolder));
    const rows = this.rows;
    const current = rows.find((row) => row.dataset["path"] === this.selected) ?? rows[0];
    if (current) current.tabIndex = 0;
    if (hadFocus) current?.focus();
  }

  private items(folder: string, byFolder: Map<string, Entry[]>): HTMLElement[] {
    return (byFolder.get(folder) ?? []).map((entry) => {
      const row = this.newRow(entry);
      if (entry.kind === "folder" && this.open.has(entry.path)) {
        row.append(make("ul", { role: "group" }, ...this.items(entry.path, byFolder)));
      }
      return row;
    });
  }

  private newRow(entry: Entry): HTMLElement {
    const isFolder = entry.kind === "folder";
    const isMain = entry.path !== "" && entry.path === this.mainFile;
    const isOpen = isFolder && this.open.has(entry.path);
    const line = make("div", { class: "ide-row" }, ...marks(entry, isOpen), make("span", { class: "ide-name" }, entry.name));
    if (isMain) line.append(make("span", { class: "badge bg-primary-lt ide-main-mark" }, picture("main"), ` ${say("main")}`));
    else if (entry.kind === "file") line.append(make("small", { class: "ide-more" }, size(entry.size)));
    if (entry.path && (this.isWritable || !isFolder)) {
      line.append(make("button", { class: "ide-tool", type: "button", tabindex: "-1", "data-menu": "", "aria-label": say("more", { name: entry.name }) }, picture("dots")));
    }
    const row = make(
      "li",
      {
        role: "treeitem",
        tabindex: "-1",
        "data-path": entry.path,
        "aria-selected": String(entry.path !== "" && entry.path === this.selected),
        "aria-expanded": isFolder ? String(isOpen) : undefined,
        "aria-label": isMain ? `${entry.name}, ${say("main")}` : entry.name,
        draggable: this.isWritable && entry.path ? "true" : undefined,
        title: entry.name,
      },
      line,
    );
    this.shown.set(row, entry);
    return row;
  }

  private clicked(event: MouseEvent): void {
    const entry = this.entryAt(event);
    const row = this.rowAt(event);
    if (!entry || !row) return;
    const tool = (event.target as Element).closest<HTMLElement>("[data-menu]");
    this.select(entry.path);
    if (tool) this.events.menu(entry, this.row(entry.path)?.querySelector<HTMLElement>("[data-menu]") ?? row);
    else if (entry.kind === "folder") this.toggle(entry.path);
    else if ((event as PointerEvent).pointerType === "touch") this.opened(entry);
    this.row(entry.path)?.focus();
  }

  private opened(entry: Entry | undefined): void {
    if (entry?.path && entry.kind !== "folder") this.events.open(entry.path);
  }

  private toggle(path: string, isOpen = !this.open.has(path)): void {
    if (isOpen) this.open.add(path);
    else this.open.delete(path);
    this.draw();
  }

  private select(path: string): void {
    this.selected = path;
    for (const row of this.rows) {
      const isIt = row.dataset["path"] === path;
      row.setAttribute("aria-selected", String(isIt));
      row.tabIndex = isIt ? 0 : -1;
    }
  }

  private pressed(event: KeyboardEvent): void {
    const row = this.rowAt(event);
    const entry = this.entryAt(event);
    if (!row || !entry || event.ctrlKey || event.metaKey || event.altKey) return;
    if (entry.path) this.select(entry.path); // it may have been focused without that
    const rows = this.rows;
    const index = rows.indexOf(row);
    const isFolder = entry.kind === "folder";
    const go = (to: HTMLElement | null | undefined) => {
      if (!to) return;
      this.select(to.dataset["path"] ?? "");
      to.focus();
    };
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(rows[index + 1]),
      ArrowUp: () => go(rows[index - 1]),
      Home: () => go(rows[0]),
      End: () => go(rows.at(-1)),
      ArrowRight: () => (isFolder && !this.open.has(entry.path) ? this.toggle(entry.path, true) : go(rows[index + 1])),
      ArrowLeft: () => (isFolder && this.open.has(entry.path) ? this.toggle(entry.path, false) : go(row.parentElement?.closest<HTMLElement>("li"))),
      Enter: () => (isFolder ? this.toggle(entry.path) : this.opened(entry)),
      " ": () => (isFolder ? this.toggle(entry.path) : this.opened(entry)),
      F2: () => this.isWritable && this.events.rename(entry.path),
      Delete: () => this.isWritable && this.events.remove(entry),
      ContextMenu: () => this.events.menu(entry, row),
      F10: () => event.shiftKey && this.events.menu(entry, row),
    };
    const act = keys[event.key];
    if (!act || (!entry.path && !/^(Arrow|Home|End)/.test(event.key))) return;
    event.preventDefault();
    act();
  }

  private startDragging(): void {
    const area = this.list.parentElement ?? this.list;
    area.addEventListener("dragstart", (event) => {
      const path = this.rowAt(event)?.dataset["path"];
      if (path) event.dataTransfer?.setData(DRAGGED, path);
    });
    area.addEventListener("dragover", (event) => {
      const types = event.dataTransfer?.types ?? [];
      if (!this.isWritable || !(types.includes(DRAGGED) || types.includes("Files"))) return;
      event.preventDefault();
      this.markTarget(this.target(event));
    });
    area.addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget as Node | null)) this.markTarget(null);
    });
    area.addEventListener("drop", (event) => {
      if (!this.isWritable || !event.dataTransfer) return;
      event.preventDefault();
      this.markTarget(null);
      const folder = this.target(event);
      const path = event.dataTransfer.getData(DRAGGED);
      const files = [...event.dataTransfer.files];
      if (path && joined(folder, nameOf(path)) !== path && !isBelow(folder, path)) this.events.move(path, folder);
      else if (files.length) this.events.upload(files, folder);
    });
  }

  /** The folder that is meant by dropping there. */
  private target(event: Event): string {
    const entry = this.entryAt(event);
    if (!entry?.path) return "";
    return entry.kind === "folder" ? entry.path : folderOf(entry.path);
  }

  private markTarget(folder: string | null): void {
    const area = this.list.parentElement;
    area?.classList.toggle("ide-drop", folder === "");
    for (const row of this.rows) row.classList.toggle("ide-drop", folder !== null && folder !== "" && row.dataset["path"] === folder);
  }

  private get rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("li")];
  }

  private row(path: string): HTMLElement | undefined {
    return this.rows.find((row) => row.dataset["path"] === path);
  }

  private rowAt(event: Event): HTMLElement | null {
    const row = (event.target as Element).closest<HTMLElement>("li");
    return row && this.list.contains(row) ? row : null;
  }

  private entryAt(event: Event): Entry | undefined {
    const row = this.rowAt(event);
    return row ? this.shown.get(row) : undefined;
  }
}

function marks(entry: Entry, isOpen: boolean): Node[] {
  if (entry.kind === "folder") return [picture("chevron"), picture(isOpen ? "folder-open" : "folder")];
  const space = make("span", { class: "ide-space" });
  if (entry.kind !== "file") return [space, picture("link")];
  const kind = /\.(py|txt)$/i.exec(entry.name)?.[1]?.toLowerCase();
  return [space, picture(kind ?? "file")];
}
