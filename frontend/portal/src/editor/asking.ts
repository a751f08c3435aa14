import { Refusal } from "./conversation";
import { byId, say } from "./page";

type Field = HTMLInputElement | HTMLSelectElement;

/** Ask for a name; `act` does it, and what it refuses is said in the dialog, which stays. */
export function askName(title: string, folder: string, name: string, act: (name: string) => Promise<void>): void {
  const dialog = byId<HTMLDialogElement>("ide-name");
  const input = byId<HTMLInputElement>("ide-name-input");
  part(dialog, "folder").textContent = `${say("folderLabel")} ${folder || say("top")}`;
  input.value = name;
  ask(dialog, title, input, act);
  const dot = name.lastIndexOf(".");
  input.setSelectionRange(0, dot > 0 ? dot : name.length);
}

/** Ask for one of `folders`. */
export function askFolder(title: string, folders: string[], act: (folder: string) => Promise<void>): void {
  const dialog = byId<HTMLDialogElement>("ide-move");
  const select = byId<HTMLSelectElement>("ide-move-input");
  select.replaceChildren(...folders.map((folder) => new Option(folder || say("top"), folder)));
  ask(dialog, title, select, act);
}

function ask(dialog: HTMLDialogElement, title: string, field: Field, act: (value: string) => Promise<void>): void {
  const error = part(dialog, "error");
  const form = dialog.querySelector("form");
  part(dialog, "title").textContent = title;
  complain(field, error, "");
  if (form)
    form.onsubmit = (event) => {
      event.preventDefault();
      act(field.value.trim()).then(
        () => dialog.close(),
        (refusal: unknown) => complain(field, error, refusal instanceof Refusal ? refusal.message : String(refusal)),
      );
    };
  dialog.showModal();
  field.focus();
}

function complain(field: Field, error: HTMLElement, sentence: string): void {
  error.textContent = sentence;
  error.classList.toggle("d-block", Boolean(sentence));
  field.classList.toggle("is-invalid", Boolean(sentence));
}

function part(dialog: HTMLElement, name: string): HTMLElement {
  const found = dialog.querySelector<HTMLElement>(`[data-${name}]`);
  if (!found) throw new Error(`the dialog has no ${name}`);
  return found;
}
