/** The page's own elements, sentences and pictures; scripts carry no sentences. */

export const root = byId("editor");

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** A sentence of the page, with what is in its braces filled in. */
export function say(name: string, values: Record<string, string | number> = {}): string {
  const sentence = root.dataset[`text${name[0]?.toUpperCase()}${name.slice(1)}`] ?? "";
  return sentence.replace(/\{(\w+)\}/g, (_all, key: string) => String(values[key] ?? ""));
}

/** A picture of the page, one of its `#ide-icon-…` templates. */
export function picture(name: string): Node {
  const template = document.getElementById(`ide-icon-${name}`);
  return template instanceof HTMLTemplateElement ? template.content.cloneNode(true) : new DocumentFragment();
}

/** A new element with attributes and children; an attribute that is `undefined` is left out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | undefined> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** On a phone one pane of three is seen. */
export function showPane(name: string): void {
  root.dataset["pane"] = name;
  root.querySelectorAll<HTMLElement>("[data-show-pane]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset["showPane"] === name));
  });
}

/** On a wide screen each side can be folded away; the browser remembers it. */
export function startFolding(): void {
  root.querySelectorAll<HTMLElement>("[data-fold]").forEach((button) => {
    const side = button.dataset["fold"] ?? "";
    const key = `lyceum-editor-without-${side}`;
    const fold = (isFolded: boolean) => {
      root.toggleAttribute(`data-without-${side}`, isFolded);
      button.setAttribute("aria-expanded", String(!isFolded));
      localStorage.setItem(key, isFolded ? "1" : "");
    };
    fold(localStorage.getItem(key) === "1");
    button.addEventListener("click", () => fold(button.getAttribute("aria-expanded") === "true"));
  });
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of a path; empty at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `name` in `folder`. */
export function joined(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

/** Whether `path` is `folder`, or in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Bytes, for people. */
export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  for (; bytes >= 1000 && at < units.length - 1; at++) bytes /= 1000;
  return `${at && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[at]}`;
}
