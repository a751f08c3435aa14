/** The warning before an unused project is stopped. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import { getProject, keepRunning } from './api';
import { sentences } from './messages';

const EVERY_MS = 60_000;

export const banner: JupyterFrontEndPlugin<void> = {
  id: '@lyceum/notebook:idle-warning',
  description: 'Warns before the platform stops an unused project.',
  autoStart: true,
  requires: [ITranslator],
  activate: (_: JupyterFrontEnd, translator: ITranslator) => {
    const say = sentences(translator);
    let toast = '';

    const dismiss = (): void => {
      if (toast) {
        Notification.dismiss(toast);
        toast = '';
      }
    };
    const show = (stopAt: string): void => {
      const hour = { hour: '2-digit', minute: '2-digit' } as const;
      const time = new Date(stopAt).toLocaleTimeString(translator.languageCode.replace('_', '-'), hour);
      const keep = { label: say('keepRunning'), callback: () => void keepRunning().then(dismiss) };
      toast = Notification.warning(say('idleWarning', { time }), {
        autoClose: false,
        actions: [keep]
      });
    };
    const look = async (): Promise<void> => {
      const { notebook } = await getProject();
      if (!notebook?.idle_warning || !notebook.idle_stop_at) {
        dismiss();
      } else if (!toast) {
        show(notebook.idle_stop_at);
      }
    };
    new Poll({ factory: look, frequency: { interval: EVERY_MS, backoff: true } });
  }
};
