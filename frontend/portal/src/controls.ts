import { text } from "./requests";
import { toast } from "./toasts";

/** Small habits of every page, by attributes: no page needs a script for these. */
export function startControls(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const theme = target.closest<HTMLElement>("[data-choose-theme]")?.dataset["chooseTheme"];
    if (theme) {
      document.dispatchEvent(new CustomEvent("lyceum:theme", { detail: theme }));
      markTheme();
    }
    const copied = target.closest<HTMLElement>("[data-copy]")?.dataset["copy"];
    if (copied !== undefined) void copy(copied);
    const inserter = target.closest<HTMLElement>("[data-insert]");
    if (inserter) insert(inserter);
  });
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    if (input.matches?.("[data-submit-on-change]")) input.form?.requestSubmit();
    if (input.matches?.("input[type=file][data-preview]")) preview(input);
  });
  markTheme();
}

function markTheme(): void {
  const choice = document.documentElement.dataset["themeChoice"];
  document.querySelectorAll<HTMLElement>("[data-choose-theme]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset["chooseTheme"] === choice));
    button.classList.toggle("active", button.dataset["chooseTheme"] === choice);
  });
}

async function copy(value: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(value);
    toast(text("textCopied"), "success");
  } catch {
    toast(text("textNotCopied"), "error");
  }
}

/**
 * `<button data-insert="#field" data-insert-from="#template">` puts a `<template>`'s text
 * into a text field, behind what is typed there already.
 */
function insert(button: HTMLElement): void {
  const field = document.querySelector<HTMLTextAreaElement>(button.dataset["insert"] ?? "");
  const pattern = document.querySelector<HTMLTemplateElement>(button.dataset["insertFrom"] ?? "");
  if (!field || !pattern) return;
  const typed = field.value.trimEnd();
  field.value = (typed && `${typed}\n\n`) + (pattern.content.textContent ?? "").trim();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** `<input type=file data-preview="#image">` shows the chosen picture before it is sent. */
function preview(input: HTMLInputElement): void {
  const image = document.querySelector<HTMLImageElement>(input.dataset["preview"] ?? "");
  const file = input.files?.[0];
  if (!image || !file) return;
  const url = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
  image.hidden = false;
}
