import htmx from "htmx.org";

/**
 * `data-dialog="#id"` opens a native dialog, `data-dialog-close` closes the one
 * it stands in; `data-confirm` asks before a form or an HTMX request goes.
 */
export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) {
      document.querySelector<HTMLDialogElement>(opener.dataset["dialog"] ?? "")?.showModal();
      return;
    }
    if (target.closest("[data-dialog-close]")) target.closest("dialog")?.close();
    else if (target instanceof HTMLDialogElement && target.classList.contains("dialog")) closeOutside(target, event);
  });
  document.addEventListener("submit", askBeforeSubmit, true);
  document.body.addEventListener("htmx:confirm", askBeforeRequest);
  document.addEventListener("input", matchTypedName);
}

/** A click on the backdrop reports the dialog itself as target. */
function closeOutside(dialog: HTMLDialogElement, event: MouseEvent): void {
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
}

/** Ask `question` in the page's confirm dialog; true when the learner agrees. */
export async function confirmed(question: string, agree?: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("#confirm");
  if (!dialog) return window.confirm(question);
  const sentence = dialog.querySelector<HTMLElement>("[data-confirm-question]");
  const button = dialog.querySelector<HTMLButtonElement>("[value=agree]");
  if (sentence) sentence.textContent = question;
  if (button) button.textContent = agree ?? button.dataset["default"] ?? "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "agree"), { once: true });
  });
}

const agreed = new WeakSet<HTMLFormElement>();

function askBeforeSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const question = event.submitter?.dataset["confirm"] ?? form.dataset["confirm"];
  const usesHtmx = form.matches("[hx-post],[hx-get],[hx-put],[hx-patch],[hx-delete]");
  if (!question || usesHtmx || agreed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  void confirmed(question, submitter?.dataset["confirmAgree"] ?? form.dataset["confirmAgree"]).then((yes) => {
    if (!yes) return;
    agreed.add(form);
    form.requestSubmit(submitter);
  });
}

type Asking = CustomEvent<{ elt: HTMLElement; question: string | null; issueRequest: (skip: boolean) => void }>;

function askBeforeRequest(event: Event): void {
  const { elt, question, issueRequest } = (event as Asking).detail;
  const sentence = question ?? elt.dataset["confirm"];
  if (!sentence) return;
  event.preventDefault();
  void confirmed(sentence, elt.dataset["confirmAgree"]).then((yes) => yes && issueRequest(true));
}

/** `<input data-must-equal="name">` keeps its form's submit buttons off until the name is typed. */
function matchTypedName(event: Event): void {
  const input = event.target as HTMLInputElement;
  const wanted = input.dataset?.["mustEqual"];
  if (wanted === undefined) return;
  input.form?.querySelectorAll<HTMLButtonElement>("button[type=submit]").forEach((button) => {
    button.disabled = input.value.trim() !== wanted.trim();
  });
}

/** Open a dialog that HTMX has just put in place, marked `data-dialog-open`. */
export function openSwappedDialogs(): void {
  htmx.onLoad((element) => {
    const root = element as HTMLElement;
    const dialog = root.matches("dialog[data-dialog-open]")
      ? (root as HTMLDialogElement)
      : root.querySelector<HTMLDialogElement>("dialog[data-dialog-open]");
    if (dialog && !dialog.open) dialog.showModal();
  });
}
