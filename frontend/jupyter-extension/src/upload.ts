/** The browser's file dialog as a promise. */

export interface ChooseOptions {
  /** As in `<input accept>`. */
  accept?: string;
  multiple: boolean;
}

/** The files the learner chose; empty when the dialog was closed. */
export function chooseFiles({ accept, multiple }: ChooseOptions): Promise<File[]> {
  return new Promise(resolve => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = multiple;
    input.accept = accept ?? '';
    input.className = 'lyceum-hidden-input';
    document.body.append(input);
    const finish = (): void => {
      resolve(Array.from(input.files ?? []));
      input.remove();
    };
    input.addEventListener('change', finish);
    input.addEventListener('cancel', finish);
    input.click();
  });
}
