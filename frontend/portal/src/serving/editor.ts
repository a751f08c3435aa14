import { indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { linter, lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { codeLook, shadowed } from "../code/look";

/**
 * `<textarea data-editor="python|json">` becomes an editor and keeps its text, so that the
 * form sends it as before. `data-text-bad-json` says what is wrong with JSON that is not.
 * A select `data-fill="#textarea"` puts the `<template>` it names into the editor (undone
 * like any edit).
 */
const editors = new WeakMap<HTMLTextAreaElement, EditorView>();

/** Turn a text field into an editor; one that is an editor already stays. */
export function mount(textarea: HTMLTextAreaElement): void {
  if (editors.has(textarea)) return;
  const holder = document.createElement("div");
  holder.className = "code-editor";
  textarea.after(holder);
  const view = new EditorView({ ...shadowed(holder), doc: textarea.value, extensions: extensions(textarea) });
  editors.set(textarea, view);
  textarea.hidden = true;
  label(textarea)?.addEventListener("click", () => view.focus());
  document.querySelectorAll<HTMLSelectElement>("select[data-fill]").forEach((select) => {
    if (document.querySelector(select.dataset["fill"] ?? "") === textarea) fillFrom(select, view);
  });
}

/**
 * Show in the editor `data-mark-in` that line `data-mark-line` is where `data-mark-text`
 * happened, and go there if it has happened just now.
 */
export function mark(element: HTMLElement, isNew: boolean): void {
  const textarea = document.querySelector<HTMLTextAreaElement>(element.dataset["markIn"] ?? "");
  const view = textarea && editors.get(textarea);
  if (!view) return;
  const number = Number(element.dataset["markLine"]);
  if (!number || number > view.state.doc.lines) return void view.dispatch(setDiagnostics(view.state, []));
  const line = view.state.doc.line(number);
  const found: Diagnostic = { from: line.from, to: line.to, severity: "error", message: element.dataset["markText"] ?? "" };
  view.dispatch(setDiagnostics(view.state, [found]));
  if (isNew) view.dispatch({ effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
}

function extensions(textarea: HTMLTextAreaElement): Extension[] {
  const name = label(textarea)?.textContent?.trim() ?? textarea.getAttribute("aria-label") ?? "";
  const described = textarea.dataset["editorHint"] ?? "";
  return [
    basicSetup,
    // Escape, then Tab, leaves the editor: CodeMirror's own way out for the keyboard.
    keymap.of([indentWithTab]),
    indentUnit.of(textarea.dataset["editor"] === "json" ? "  " : "    "),
    textarea.dataset["editor"] === "json" ? [json(), jsonLinter(textarea)] : [python(), lintGutter()],
    codeLook,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": described ? `${name}. ${described}` : name }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      textarea.value = update.state.doc.toString();
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    }),
  ];
}

function label(textarea: HTMLTextAreaElement): HTMLLabelElement | undefined {
  return textarea.labels?.[0];
}

/** JSON that cannot be read is underlined from where reading ends. */
function jsonLinter(textarea: HTMLTextAreaElement): Extension {
  return linter((view) => {
    const text = view.state.doc.toString();
    if (!text.trim()) return [];
    try {
      JSON.parse(text);
      return [];
    } catch (error) {
      const at = /position (\d+)/.exec(String(error));
      const from = Math.min(at ? Number(at[1]) : text.length, text.length);
      return [{ from: Math.max(0, from - 1), to: from, severity: "error", message: textarea.dataset["textBadJson"] ?? "" }];
    }
  });
}

function fillFrom(select: HTMLSelectElement, view: EditorView): void {
  select.addEventListener("change", () => {
    const pattern = document.querySelector<HTMLTemplateElement>(select.value ? `#${CSS.escape(select.value)}` : "#-");
    if (!pattern) return;
    const text = pattern.content.textContent ?? "";
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    select.value = "";
    view.focus();
  });
}
