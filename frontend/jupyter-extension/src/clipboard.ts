/** Copying a path, with the toast that the guide shows. */
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { Say } from './messages';

/** Copy `path` and say so; where the browser refuses, show the path to copy by hand. */
export async function copyPath(path: string, say: Say): Promise<void> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(path);
    } else {
      Clipboard.copyToSystem(path);
    }
    Notification.success(say('copied', { path }), { autoClose: 2500 });
  } catch {
    Notification.warning(say('copyFailed', { path }), { autoClose: false });
  }
}
