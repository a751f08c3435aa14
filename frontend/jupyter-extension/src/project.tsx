/** Save a version, to the project page, VisualDL, print to PDF. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  CommandToolbarButton,
  Dialog,
  ICommandPalette,
  InputDialog,
  IToolbarWidgetRegistry,
  Notification,
  Printing,
  showDialog
} from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { homeIcon, LabIcon, saveIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { getProject, Project, SavedVersion, saveVersion } from './api';
import { MessageKey, Say, sentences } from './messages';
import { chartIcon, versionIcon } from './icons';

/** Left-out files shown by name; the dialog gives the count of the rest. */
const NAMED_FILES = 20;

export const project: JupyterFrontEndPlugin<void> = {
  id: '@lyceum/notebook:project',
  description: 'Buttons that lead from the notebook to the platform.',
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
    let known: Project | null = null;
    const add = (
      name: string,
      label: MessageKey,
      help: MessageKey,
      icon: LabIcon,
      execute: () => unknown,
      isVisible = () => true
    ): void => {
      const id = `lyceum:${name}`;
      app.commands.addCommand(id, {
        label: say(label),
        caption: say(help),
        icon,
        isVisible,
        execute
      });
      palette?.addItem({ command: id, category: 'Lyceum' });
      toolbars.addFactory('Notebook', `lyceum-${name}`, () => {
        return new CommandToolbarButton({ commands: app.commands, id, label: say(label) });
      });
    };
    const connected = (): boolean => known?.connected ?? false;
    add('save-version', 'saveVersion', 'saveVersionHelp', versionIcon, () =>
      askAndSave(tracker.currentWidget, say), connected);
    add('to-project', 'project', 'projectHelp', homeIcon, () =>
      window.location.assign(known!.project_url), () => Boolean(known?.project_url));
    add('visualdl', 'visualdl', 'visualdlHelp', chartIcon, () =>
      window.open(URLExt.join(PageConfig.getBaseUrl(), 'visualdl'), '_blank', 'noopener'));
    app.commands.addCommand('lyceum:print', {
      label: say('printPdf'),
      icon: saveIcon,
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const panel = tracker.currentWidget;
        await panel?.context.save();
        await Printing.getPrintFunction(panel)?.();
      }
    });
    void getProject().then(found => {
      known = found;
      app.commands.notifyCommandChanged();
    });
  }
};

async function askAndSave(panel: NotebookPanel | null, say: Say): Promise<void> {
  const note = await InputDialog.getText({
    title: say('saveVersionTitle'),
    label: say('saveVersionNote'),
    okLabel: say('saveVersion')
  });
  if (!note.button.accept) {
    return;
  }
  const toast = Notification.emit(say('savingVersion'), 'in-progress', { autoClose: false });
  try {
    await panel?.context.save();
    const version = await saveVersion(note.value ?? '');
    Notification.update({
      id: toast,
      message: say('versionSaved', { number: version.number ?? '' }),
      type: 'success',
      autoClose: 4000
    });
    await showLeftOut(version, say);
  } catch (reason) {
    const message = say('versionFailed', { reason: (reason as Error).message });
    Notification.update({ id: toast, message, type: 'error', autoClose: false });
  }
}

async function showLeftOut(version: SavedVersion, say: Say): Promise<void> {
  const files = version.left_out ?? [];
  const count = version.left_out_count ?? files.length;
  if (!count) {
    return;
  }
  await showDialog({
    title: say('versionSaved', { number: version.number ?? '' }),
    body: (
      <div>
        <p>{say('leftOut', { count })}</p>
        <ul className="lyceum-left-out">
          {files.slice(0, NAMED_FILES).map(file => (
            <li key={file.path}>{file.path}</li>
          ))}
        </ul>
      </div>
    ),
    buttons: [Dialog.okButton()]
  });
}
