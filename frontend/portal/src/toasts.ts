import Toast from "bootstrap/js/dist/toast";

export type Level = "debug" | "info" | "success" | "warning" | "error";

/** Show a message in the corner; errors stay until they are closed. */
export function toast(text: string, level: Level = "info"): void {
  const holder = document.querySelector<HTMLElement>("#toasts");
  const pattern = document.querySelector<HTMLTemplateElement>("#toast-pattern");
  if (!holder || !pattern) return;
  const element = (pattern.content.cloneNode(true) as DocumentFragment).querySelector<HTMLElement>(".toast");
  if (!element) return;
  element.classList.add(`toast-${level}`);
  element.setAttribute("role", level === "error" ? "alert" : "status");
  const body = element.querySelector<HTMLElement>(".toast-text");
  if (body) body.textContent = text;
  holder.append(element);
  show(element, level);
}

function show(element: HTMLElement, level: string): void {
  element.addEventListener("hidden.bs.toast", () => element.remove());
  new Toast(element, { autohide: level !== "error", delay: 6000 }).show();
}

/** Show the toasts that the server rendered, and those that responses announce. */
export function startToasts(): void {
  document.querySelectorAll<HTMLElement>("#toasts .toast").forEach((element) => {
    show(element, element.dataset["level"] ?? "info");
  });
  document.body.addEventListener("lyceum:toast", (event) => {
    const detail = (event as CustomEvent<{ text?: string; level?: Level; value?: unknown }>).detail;
    const several = Array.isArray(detail.value) ? (detail.value as { text: string; level: Level }[]) : [];
    if (detail.text) toast(detail.text, detail.level);
    several.forEach(({ text, level }) => toast(text, level));
  });
}
