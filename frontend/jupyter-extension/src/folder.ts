/** The tree of the work folder: what is loaded, what is open, and what can be done. */
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileBrowserModel } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

export interface Item {
  name: string;
  /** Relative to the tree's root, as the contents API has it. */
  path: string;
  folder: boolean;
}

/** A file over the limit, refused before a byte is sent; the server holds the rule too. */
export class TooLarge extends Error {}

export class FolderModel {
  constructor(
    private readonly manager: IDocumentManager,
    readonly limit: number
  ) {
    this.contents = manager.services.contents;
    this.uploads = new FileBrowserModel({ manager, auto: false });
    this.uploads.uploadChanged.connect(() => this._changed.emit());
    this.contents.fileChanged.connect(this.onFileChanged, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The loaded items of a folder, folders first; undefined until loaded. */
  items(folder: string): Item[] | undefined {
    return this.loaded.get(folder);
  }

  isOpen(folder: string): boolean {
    return this.open.has(folder);
  }

  /** Name and share (0 to 1) of each upload under way. */
  progress(): { path: string; progress: number }[] {
    return Array.from(this.uploads.uploads());
  }

  async toggle(folder: string): Promise<void> {
    if (!this.open.delete(folder)) {
      this.open.add(folder);
      await this.load(folder);
    }
    this._changed.emit();
  }

  /** Read every open folder again. */
  async refresh(): Promise<void> {
    await Promise.all(['', ...this.open].map(folder => this.load(folder)));
  }

  async makeFolder(parent: string, name: string): Promise<void> {
    const path = PathExt.join(parent, name);
    await this.refuseTaken(path);
    await this.contents.save(path, { type: 'directory' });
    await this.load(parent);
  }

  async rename(item: Item, name: string): Promise<void> {
    await this.manager.rename(item.path, PathExt.join(PathExt.dirname(item.path), name));
    await this.load(PathExt.dirname(item.path));
  }

  async remove(item: Item): Promise<void> {
    await this.manager.deleteFile(item.path);
    this.open.delete(item.path);
    await this.load(PathExt.dirname(item.path));
  }

  /** Upload into `folder`. Throws `TooLarge`, or the server's refusal. */
  async upload(file: File, folder: string): Promise<void> {
    if (file.size > this.limit) {
      throw new TooLarge(file.name);
    }
    await this.uploads.upload(file, folder);
    await this.load(folder);
  }

  downloadUrl(item: Item): Promise<string> {
    return this.contents.getDownloadUrl(item.path);
  }

  openFile(item: Item): void {
    this.manager.openOrReveal(item.path);
  }

  private async refuseTaken(path: string): Promise<void> {
    const taken = await this.contents.get(path, { content: false }).catch(() => null);
    if (taken) {
      throw new NameTaken(PathExt.basename(path));
    }
  }

  private async load(folder: string): Promise<void> {
    try {
      const model = await this.contents.get(folder, { content: true });
      const items = (model.content as Contents.IModel[]).map(one => ({
        name: one.name,
        path: one.path,
        folder: one.type === 'directory'
      }));
      items.sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name));
      this.loaded.set(folder, items);
    } catch {
      // Removed by the learner's own code since it was listed.
      this.loaded.delete(folder);
      this.open.delete(folder);
    }
    this._changed.emit();
  }

  private onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    const folders = new Set<string>();
    for (const path of [change.oldValue?.path, change.newValue?.path]) {
      if (path && change.type !== 'save') {
        folders.add(PathExt.dirname(path));
      } else if (path && !this.knows(path)) {
        folders.add(PathExt.dirname(path));
      }
    }
    folders.forEach(folder => this.loaded.has(folder) && void this.load(folder));
  }

  private knows(path: string): boolean {
    return !!this.loaded.get(PathExt.dirname(path))?.some(item => item.path === path);
  }

  private readonly contents: Contents.IManager;
  private readonly uploads: FileBrowserModel;
  private readonly loaded = new Map<string, Item[]>();
  private readonly open = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
}

export class NameTaken extends Error {}
