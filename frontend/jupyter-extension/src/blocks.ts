/** The guide's buttons for blocks: insert code, insert text, switch, insert picture. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  CommandToolbarButton,
  ICommandPalette,
  IToolbarWidgetRegistry,
  Notification
} from '@jupyterlab/apputils';
import { MarkdownCell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { codeIcon, LabIcon, markdownIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import { switchIcon } from './icons';
import { MessageKey, Say, sentences } from './messages';
import { chooseFiles } from './upload';

/** Pictures up to this size travel inside the notebook, so that its page shows them. */
const ATTACHED_BYTES = 2_000_000;
const PICTURE_BYTES = 20_000_000;

export const blocks: JupyterFrontEndPlugin<void> = {
  id: '@lyceum/notebook:blocks',
  description: 'Buttons and menu items for code and text blocks.',
  autoStart: true,
  requires: [INotebookTracker, IToolbarWidgetRegistry, ITranslator],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator,
    palette: ICommandPalette | null
  ) => {
    const say = sentences(translator);
    const commands: { id: string; label: MessageKey; help?: MessageKey; button?: string }[] = [
      { id: 'lyceum:insert-code', label: 'code', help: 'codeHelp', button: 'lyceum-code' },
      { id: 'lyceum:insert-text', label: 'text', help: 'textHelp', button: 'lyceum-text' },
      { id: 'lyceum:toggle-type', label: 'toggle', help: 'toggleHelp', button: 'lyceum-toggle' },
      { id: 'lyceum:insert-picture', label: 'insertPicture' }
    ];
    const actions: Record<string, (panel: NotebookPanel) => Promise<void> | void> = {
      'lyceum:insert-code': panel => insertBlock(panel, 'code'),
      'lyceum:insert-text': panel => insertBlock(panel, 'markdown'),
      'lyceum:toggle-type': toggleType,
      'lyceum:insert-picture': panel => insertPicture(app, panel, say)
    };
    const icons: Record<string, LabIcon> = {
      'lyceum:insert-code': codeIcon,
      'lyceum:insert-text': markdownIcon,
      'lyceum:toggle-type': switchIcon
    };
    for (const { id, label, help, button } of commands) {
      app.commands.addCommand(id, {
        label: say(label),
        caption: say(help ?? label),
        icon: icons[id],
        isEnabled: () => tracker.currentWidget !== null,
        execute: () => tracker.currentWidget && actions[id](tracker.currentWidget)
      });
      palette?.addItem({ command: id, category: 'Lyceum' });
      if (button) {
        toolbars.addFactory('Notebook', button, () => {
          return new CommandToolbarButton({ commands: app.commands, id, label: say(label) });
        });
      }
    }
  }
};

function insertBlock(panel: NotebookPanel, type: 'code' | 'markdown'): void {
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, type);
  notebook.activate();
  notebook.mode = 'edit';
}

function toggleType(panel: NotebookPanel): void {
  const type = panel.content.activeCell?.model.type === 'code' ? 'markdown' : 'code';
  NotebookActions.changeCellType(panel.content, type);
}

async function insertPicture(app: JupyterFrontEnd, panel: NotebookPanel, say: Say): Promise<void> {
  const [file] = await chooseFiles({ accept: 'image/*', multiple: false });
  if (!file) {
    return;
  }
  if (file.size > PICTURE_BYTES) {
    const megabytes = PICTURE_BYTES / 1_000_000;
    Notification.error(say('pictureTooLarge', { megabytes }));
    return;
  }
  const cell = await textBlock(panel);
  const link =
    file.size <= ATTACHED_BYTES ? await attach(cell, file) : await uploadBeside(app, panel, file);
  const model = cell.model.sharedModel;
  const before = model.getSource();
  const name = file.name.replace(/[[\]]/g, '');
  model.setSource(before + (before && !before.endsWith('\n') ? '\n' : '') + `![${name}](${link})`);
  cell.rendered = true;
  Notification.success(say('pictureInserted'), { autoClose: 2500 });
}

/** The active text block, or a new one below the active block. */
async function textBlock(panel: NotebookPanel): Promise<MarkdownCell> {
  if (panel.content.activeCell?.model.type !== 'markdown') {
    insertBlock(panel, 'markdown');
  }
  const cell = panel.content.activeCell as MarkdownCell;
  await cell.ready;
  return cell;
}

async function attach(cell: MarkdownCell, file: File): Promise<string> {
  const extension = PathExt.extname(file.name) || '.png';
  const name = UUID.uuid4() + extension;
  cell.model.attachments.set(name, { [file.type || 'image/png']: await base64(file) });
  return `attachment:${name}`;
}

async function uploadBeside(
  app: JupyterFrontEnd,
  panel: NotebookPanel,
  file: File
): Promise<string> {
  const contents = app.serviceManager.contents;
  const folder = PathExt.join(PathExt.dirname(panel.context.path), 'images');
  const name = `${UUID.uuid4()}${PathExt.extname(file.name)}`;
  await contents.save(folder, { type: 'directory' });
  await contents.save(PathExt.join(folder, name), {
    type: 'file',
    format: 'base64',
    name,
    content: await base64(file)
  });
  return `images/${name}`;
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(',', 2)[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
