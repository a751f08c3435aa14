/** A kernel's question beneath the block that asked it, by JupyterLab's own input. */
import { CodeCell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { OutputPrompt, Stdin } from '@jupyterlab/outputarea';
import { ITranslator } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';
import { answerQuestion } from './api';

const STATE = 'lyceum_question';

interface Question {
  id: string;
  cell_id: string;
  kernel_id: string;
  prompt: string;
  password: boolean;
}

/** Keep the panel showing whatever question its document holds. */
export function showQuestions(panel: NotebookPanel, translator: ITranslator): void {
  let shown: { id: string; widget: Panel } | null = null;

  const update = (): void => {
    const question = panel.content.model?.sharedModel.getState(STATE) as Question | null;
    if (shown?.id === question?.id) {
      return;
    }
    shown?.widget.dispose();
    shown = null;
    const cell = panel.content.widgets.find(one => one.model.id === question?.cell_id);
    if (question && cell instanceof CodeCell) {
      const widget = questionWidget(question, translator);
      shown = { id: question.id, widget };
      (cell.outputArea.layout as any).addWidget(widget);
      widget.node.querySelector('input')?.focus();
    }
  };

  void panel.context.ready.then(() => {
    panel.content.model?.sharedModel.changed.connect((_, change) => {
      if (change.stateChange?.some(one => one.name === STATE)) {
        update();
      }
    });
    update();
  });
}

function questionWidget(question: Question, translator: ITranslator): Panel {
  const panel = new Panel();
  panel.addClass('jp-OutputArea-child');
  panel.addClass('jp-OutputArea-stdin-item');
  const prompt = new OutputPrompt();
  prompt.addClass('jp-OutputArea-prompt');
  panel.addWidget(prompt);
  const send = (reply: { value?: string }): void => {
    void answerQuestion(question.kernel_id, reply.value ?? '');
  };
  const input = new Stdin({
    // All that Stdin asks of a kernel's future is where to send the answer.
    future: { sendInputReply: send } as any,
    parent_header: {} as any,
    password: question.password,
    prompt: question.prompt,
    translator
  });
  input.addClass('jp-OutputArea-output');
  panel.addWidget(input);
  return panel;
}
