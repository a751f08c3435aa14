/** 文件夹: the work folder's tree with what the guide lets a learner do to it. */
import { Dialog, InputDialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import {
  closeIcon,
  downloadIcon,
  editIcon,
  fileIcon,
  fileUploadIcon,
  folderIcon,
  newFolderIcon,
  notebookIcon,
  refreshIcon,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';
import { copyPath } from './clipboard';
import { FolderModel, Item, NameTaken, TooLarge } from './folder';
import { copyPathIcon } from './icons';
import { Say } from './messages';
import { Action, IconButton, Row, Tree } from './tree';
import { chooseFiles } from './upload';

export class FolderPanel extends ReactWidget {
  constructor(
    private readonly model: FolderModel,
    private readonly home: string,
    private readonly say: Say
  ) {
    super();
    this.addClass('lyceum-panel');
    this.title.label = say('folder');
    void model.refresh();
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this.model.changed}>{() => this.content()}</UseSignal>;
  }

  private content(): JSX.Element {
    const { say, model } = this;
    const tools: Action[] = [
      { label: say('newFolder'), icon: newFolderIcon, run: () => void this.newFolder('') },
      { label: say('upload'), icon: fileUploadIcon, run: () => void this.upload('') },
      { label: say('refresh'), icon: refreshIcon, run: () => void model.refresh() }
    ];
    return (
      <>
        <div className="lyceum-tools">
          <span className="lyceum-home">{this.home}</span>
          {tools.map(tool => (
            <IconButton key={tool.label} {...tool} />
          ))}
        </div>
        {model.progress().map(({ path, progress }) => (
          <label key={path} className="lyceum-progress">
            {say('uploading', { name: PathExt.basename(path) })}
            <progress value={progress} max={1} />
          </label>
        ))}
        <Tree label={say('folder')} rows={this.rows('', 0)} empty={say('noFiles')} />
      </>
    );
  }

  private rows(folder: string, level: number): Row[] {
    return (this.model.items(folder) ?? []).flatMap(item => [
      item.folder ? this.folderRow(item, level) : this.fileRow(item, level),
      ...(item.folder && this.model.isOpen(item.path) ? this.rows(item.path, level + 1) : [])
    ]);
  }

  private folderRow(item: Item, level: number): Row {
    const { say } = this;
    return {
      ...this.row(item, level),
      icon: folderIcon,
      open: this.model.isOpen(item.path),
      activate: () => void this.model.toggle(item.path),
      actions: [
        { label: say('newFolder'), icon: newFolderIcon, run: () => void this.newFolder(item.path) },
        { label: say('upload'), icon: fileUploadIcon, run: () => void this.upload(item.path) },
        ...this.actions(item)
      ]
    };
  }

  private fileRow(item: Item, level: number): Row {
    const icon = item.name.endsWith('.ipynb') ? notebookIcon : fileIcon;
    const download = () => void this.attempt(() => this.download(item));
    return {
      ...this.row(item, level),
      icon,
      activate: () => this.model.openFile(item),
      actions: [{ label: this.say('download'), icon: downloadIcon, run: download }, ...this.actions(item)]
    };
  }

  private row(item: Item, level: number): Pick<Row, 'id' | 'label' | 'level' | 'title'> {
    return { id: item.path, label: item.name, level, title: this.absolute(item) };
  }

  private actions(item: Item): Action[] {
    const { say } = this;
    const copy = () => void copyPath(this.absolute(item), say);
    return [
      { label: say('rename'), icon: editIcon, run: () => void this.rename(item), key: 'F2' },
      { label: say('copyPath'), icon: copyPathIcon, run: copy },
      { label: say('remove'), icon: closeIcon, run: () => void this.remove(item), key: 'Delete' }
    ];
  }

  private absolute(item: Item): string {
    return `${this.home.replace(/\/$/, '')}/${item.path}`;
  }

  private async newFolder(parent: string): Promise<void> {
    const name = await this.askName(this.say('newFolder'), '');
    if (name) {
      await this.attempt(() => this.model.makeFolder(parent, name));
    }
  }

  private async rename(item: Item): Promise<void> {
    const name = await this.askName(this.say('rename'), item.name);
    if (name && name !== item.name) {
      await this.attempt(() => this.model.rename(item, name));
    }
  }

  private async remove(item: Item): Promise<void> {
    const answer = await showDialog({
      title: this.say('removeTitle', { name: item.name }),
      body: this.say(item.folder ? 'removeFolder' : 'removeFile'),
      buttons: [
        Dialog.cancelButton({ label: this.say('cancel') }),
        Dialog.warnButton({ label: this.say('remove') })
      ]
    });
    if (answer.button.accept) {
      await this.attempt(() => this.model.remove(item));
    }
  }

  private async upload(folder: string): Promise<void> {
    for (const file of await chooseFiles({ multiple: true })) {
      const { name } = file;
      try {
        await this.model.upload(file, folder);
      } catch (reason) {
        const megabytes = this.model.limit / 1_000_000;
        const message =
          reason instanceof TooLarge
            ? this.say('tooLarge', { name, megabytes })
            : this.say('uploadFailed', { name, reason: (reason as Error).message });
        Notification.error(message, { autoClose: false });
      }
    }
  }

  private async download(item: Item): Promise<void> {
    const link = document.createElement('a');
    link.href = await this.model.downloadUrl(item);
    link.download = item.name;
    document.body.append(link);
    link.click();
    link.remove();
  }

  private async askName(title: string, text: string): Promise<string | null> {
    const answer = await InputDialog.getText({
      title,
      text,
      label: this.say('name'),
      selectionRange: PathExt.extname(text) ? text.length - PathExt.extname(text).length : undefined
    });
    const name = answer.value?.trim() ?? '';
    if (!answer.button.accept) {
      return null;
    }
    if (!name || name.includes('/')) {
      Notification.error(this.say('nameBad'));
      return null;
    }
    return name;
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const { message } = reason as Error;
      const sentence =
        reason instanceof NameTaken
          ? this.say('nameTaken', { name: message })
          : this.say('actionFailed', { reason: message });
      Notification.error(sentence);
    }
  }
}
