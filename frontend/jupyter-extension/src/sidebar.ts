/** The guide's side bar, in JupyterLab's own side panel. */
import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CommandToolbarButton, ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { getCompetitions, getProject, OpenCompetition, Project } from './api';
import { CompetitionPanel } from './competitionpanel';
import { DatasetsPanel } from './datasetspanel';
import { FolderModel } from './folder';
import { FolderPanel } from './folderpanel';
import { sideBarIcon } from './icons';
import { sentences } from './messages';

const ID = 'lyceum-side-bar';
/** Narrower windows start with the side bar closed: the notebook needs the room. */
const ROOMY_PIXELS = 1100;

/** What Notebook 7's and JupyterLab's shells have in common for side panels. */
interface SideShell {
  collapseLeft(): void;
  expandLeft(id?: string): void;
  activateById(id: string): void;
  leftCollapsed: boolean;
}

export const sideBar: JupyterFrontEndPlugin<void> = {
  id: '@lyceum/notebook:side-bar',
  description: 'The competition, files of the work folder, and datasets.',
  autoStart: true,
  requires: [IDocumentManager, INotebookTracker, ITranslator],
  optional: [ILabShell, IToolbarWidgetRegistry, ICommandPalette],
  activate: async (
    app: JupyterFrontEnd,
    manager: IDocumentManager,
    tracker: INotebookTracker,
    translator: ITranslator,
    labShell: ILabShell | null,
    toolbars: IToolbarWidgetRegistry | null,
    palette: ICommandPalette | null
  ) => {
    const say = sentences(translator);
    const shell = app.shell as unknown as SideShell;
    const command = 'lyceum:toggle-side-bar';
    app.commands.addCommand(command, {
      label: say('sideBarToggle'),
      caption: say('sideBarToggleHelp'),
      icon: sideBarIcon,
      execute: () => (shell.leftCollapsed ? shell.expandLeft(ID) : shell.collapseLeft())
    });
    palette?.addItem({ command, category: 'Lyceum' });
    toolbars?.addFactory('Notebook', 'lyceum-side-bar', () => {
      const label = say('sideBarToggle');
      return new CommandToolbarButton({ commands: app.commands, id: command, label });
    });

    // None where the platform does not answer: the notebook goes on without.
    const [found, competitions] = await Promise.all([getProject(), getCompetitions().catch(() => [])]);
    const panel = makePanel(manager, found, competitions, say, translator);
    app.shell.add(panel, 'left', { rank: 10, type: 'Lyceum' });
    if (!labShell && window.innerWidth >= ROOMY_PIXELS) {
      openWithNotebook(tracker, () => shell.expandLeft(ID));
    }
  }
};

/** Once, when the notebook is there: before, Notebook 7 closes its side areas again. */
function openWithNotebook(tracker: INotebookTracker, open: () => void): void {
  const opened = async (_: INotebookTracker, panel: NotebookPanel): Promise<void> => {
    tracker.widgetAdded.disconnect(opened);
    await panel.revealed;
    open();
  };
  if (tracker.currentWidget) {
    void opened(tracker, tracker.currentWidget);
  } else {
    tracker.widgetAdded.connect(opened);
  }
}

function makePanel(
  manager: IDocumentManager,
  project: Project,
  competitions: OpenCompetition[],
  say: ReturnType<typeof sentences>,
  translator: ITranslator
): SidePanel {
  const panel = new SidePanel({ translator });
  panel.id = ID;
  panel.addClass('lyceum-side-bar');
  panel.title.icon = sideBarIcon;
  panel.title.caption = say('sideBar');
  panel.title.label = '';
  const folder = new FolderModel(manager, project.upload_limit_bytes);
  if (competitions.length) {
    panel.addWidget(new CompetitionPanel(manager.services.contents, competitions, say));
  }
  panel.addWidget(new FolderPanel(folder, project.home, say));
  panel.addWidget(new DatasetsPanel(project.project_url, say));
  return panel;
}
