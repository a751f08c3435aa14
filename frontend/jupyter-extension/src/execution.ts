/**
 * Blocks run on the server's side (docs/adr/0003-server-side-execution.md).
 *
 * The browser asks for a run and is done: outputs, `In [*]` and `In [n]` come
 * back through the shared document, to this tab, to others, and to the one that
 * is opened tomorrow.
 */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { CodeCell, Cell } from '@jupyterlab/cells';
import { CellChange, ISharedCodeCell } from '@jupyter/ydoc';
import {
  INotebookCellExecutor,
  INotebookModel,
  INotebookTracker,
  runCell
} from '@jupyterlab/notebook';
import { IError } from '@jupyterlab/nbformat';
import { ITranslator } from '@jupyterlab/translation';
import { Block, runBlocks } from './api';
import { Say, sentences } from './messages';
import { showQuestions } from './questions';

type Options = INotebookCellExecutor.IRunCellOptions;

/** The room of the shared document, or undefined when the notebook is not shared. */
function room(notebook: INotebookModel): string | undefined {
  const room = notebook.sharedModel.getState('document_id');
  return typeof room === 'string' ? room : undefined;
}

class ServerSideExecutor implements INotebookCellExecutor {
  constructor(private readonly say: Say) {
    window.addEventListener('pagehide', this.sendAll);
  }

  async runCell(options: Options): Promise<boolean> {
    const { cell, notebook, sessionContext } = options;
    const shared = room(notebook);
    const code = cell.model.sharedModel.getSource();
    if (cell.model.type !== 'code' || !sessionContext || !shared || !code.trim()) {
      return runCell(options);
    }
    if (sessionContext.hasNoKernel) {
      const choose = await sessionContext.startKernel();
      if (choose && options.sessionDialogs) {
        await options.sessionDialogs.selectKernel(sessionContext);
      }
    }
    await sessionContext.ready;
    const kernel = sessionContext.session?.kernel?.id;
    if (!kernel) {
      Notification.error(this.say('kernelMissing'));
      return false;
    }
    // What the learner runs here is trusted from now on, as JupyterLab's own run has it.
    cell.model.trusted = true;
    options.onCellExecutionScheduled({ cell });
    const block = { cell_id: cell.model.sharedModel.getId(), code };
    return this.follow(cell as CodeCell, () => this.submit(kernel, shared, block), options);
  }

  /**
   * Ask for the run together with all that are asked for at the same moment ("run
   * all" is one request), after those asked for before: their order is the queue's.
   */
  private submit(kernel: string, room: string, block: Block): Promise<void> {
    const key = `${kernel} ${room}`;
    const open = this.batches.get(key);
    if (open) {
      open.blocks.push(block);
      return open.asked;
    }
    const batch = new Batch(kernel, room, block);
    const moment = new Promise(resolve => setTimeout(resolve));
    void Promise.all([moment, this.asking]).then(() => {
      this.batches.delete(key);
      batch.send();
    });
    this.batches.set(key, batch);
    this.asking = batch.asked.catch(() => undefined);
    return batch.asked;
  }

  /** The tab goes: what waits for its moment goes out now, or it would never run. */
  private readonly sendAll = (): void => {
    this.batches.forEach(batch => batch.send());
    this.batches.clear();
  };

  private async follow(
    cell: CodeCell,
    submit: () => Promise<void>,
    { onCellExecuted }: Options
  ): Promise<boolean> {
    const done = whenDone(cell);
    // Here alone, until the server has the run: a mark in the shared document would
    // stay for ever if the tab went first.
    cell.setPrompt('*');
    try {
      await submit();
    } catch (reason) {
      done.cancel();
      cell.setPrompt(`${cell.model.executionCount ?? ''}`);
      Notification.error(this.say('runFailed', { reason: (reason as Error).message }));
      onCellExecuted({ cell, success: false });
      return false;
    }
    await done.promise;
    const success = !cell.isDisposed && !failed(cell);
    onCellExecuted({ cell, success });
    return success;
  }

  private asking: Promise<unknown> = Promise.resolve();
  private readonly batches = new Map<string, Batch>();
}

/** Blocks that are asked for in one request, which outlives the tab. */
class Batch {
  readonly blocks: Block[];
  /** Resolves when the server has taken them. */
  readonly asked: Promise<void>;
  private settle!: (answer: Promise<void>) => void;
  private sent = false;

  constructor(
    private readonly kernel: string,
    private readonly room: string,
    first: Block
  ) {
    this.blocks = [first];
    this.asked = new Promise(resolve => (this.settle = resolve));
  }

  send(): void {
    if (!this.sent) {
      this.sent = true;
      this.settle(runBlocks(this.kernel, this.room, this.blocks));
    }
  }
}

function failed(cell: Cell): boolean {
  const outputs = (cell as CodeCell).model.sharedModel.getOutputs();
  return outputs.some(output => (output as IError).output_type === 'error');
}

/** Resolves when the server says the block is done, or the block is gone. */
function whenDone(cell: CodeCell): { promise: Promise<void>; cancel: () => void } {
  const shared = cell.model.sharedModel;
  let cancel = () => undefined as void;
  const promise = new Promise<void>(resolve => {
    let started = false;
    const listen = (_: ISharedCodeCell, change: CellChange) => {
      const now = change.executionStateChange?.newValue;
      started = started || now === 'running';
      if (started && now === 'idle') {
        cancel();
      }
    };
    cancel = () => {
      shared.changed.disconnect(listen as any);
      cell.disposed.disconnect(cancel);
      resolve();
    };
    shared.changed.connect(listen as any);
    cell.disposed.connect(cancel);
  });
  return { promise, cancel: () => cancel() };
}

export const executor: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: '@lyceum/notebook:executor',
  description: 'Runs blocks on the side of the server.',
  autoStart: true,
  requires: [ITranslator],
  provides: INotebookCellExecutor,
  activate: (_: JupyterFrontEnd, translator: ITranslator) =>
    new ServerSideExecutor(sentences(translator))
};

export const questions: JupyterFrontEndPlugin<void> = {
  id: '@lyceum/notebook:questions',
  description: "Shows a block's question (input, %debug) in every open tab.",
  autoStart: true,
  requires: [INotebookTracker, ITranslator],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator) => {
    tracker.widgetAdded.connect((__, panel) => showQuestions(panel, translator));
  }
};
