import { toast } from "../toasts";
import type { Conversation } from "./conversation";
import { byId, joined, make, nameOf, picture, say, size } from "./page";

type Folder = { folders: string[]; files: { path: string; size: number }[]; next: string };

/** 数据集: the files of each dataset, fetched as folders open; a file's button copies its path. */
export function startDatasets(talk: Conversation): void {
  const list = byId("ide-datasets");
  list.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!button) return;
    if (button.dataset["relative"]) void copy(button.dataset["relative"]);
    else if (button.dataset["after"]) void more(talk, button);
    else if (button.dataset["dataset"]) void toggle(talk, button);
  });
}

async function toggle(talk: Conversation, button: HTMLButtonElement): Promise<void> {
  const open = button.nextElementSibling;
  const isOpen = !open;
  button.setAttribute("aria-expanded", String(isOpen));
  if (open) return open.remove();
  const list = make("ul", {});
  button.after(list);
  await fill(talk, list, button.dataset["dataset"] ?? "", button.dataset["datasetPath"] ?? "", "");
}

async function more(talk: Conversation, button: HTMLButtonElement): Promise<void> {
  const list = button.closest("ul");
  const { dataset = "", datasetPath = "", after = "" } = button.dataset;
  button.parentElement?.remove();
  if (list) await fill(talk, list, dataset, datasetPath, after);
}

async function fill(talk: Conversation, list: HTMLElement, dataset: string, path: string, after: string): Promise<void> {
  try {
    const folder = await talk.get<Folder>(`datasets/${dataset}`, { path, after });
    const rows = [...folder.folders.map((name) => folderRow(dataset, joined(path, name))), ...folder.files.map((file) => fileRow(dataset, file))];
    if (folder.next) {
      const attributes = { class: "ide-row", type: "button", "data-dataset": dataset, "data-dataset-path": path, "data-after": folder.next };
      rows.push(make("li", {}, make("button", attributes, say("loadMore"))));
    }
    if (!rows.length && !after) rows.push(make("li", { class: "ide-hint" }, say("emptyFolder")));
    list.append(...rows);
  } catch (refusal) {
    list.append(make("li", { class: "ide-hint text-danger" }, (refusal as Error).message));
  }
}

function folderRow(dataset: string, path: string): HTMLElement {
  const attributes = { class: "ide-row", type: "button", "data-dataset": dataset, "data-dataset-path": path, "aria-expanded": "false" };
  return make("li", {}, make("button", attributes, picture("chevron"), picture("folder"), make("span", { class: "ide-name" }, nameOf(path))));
}

/** Guide: 点击复制数据集文件路径, 得到文件的相对路径, 例如 data65/train-labels-idx1-ubyte.gz. */
function fileRow(dataset: string, file: { path: string; size: number }): HTMLElement {
  const relative = `data${dataset}/${file.path}`;
  const attributes = { class: "ide-row", type: "button", "data-relative": relative, title: relative, "aria-label": say("copyPath", { path: relative }) };
  const name = make("span", { class: "ide-name" }, nameOf(file.path));
  return make("li", {}, make("button", attributes, make("span", { class: "ide-space" }), picture("file"), name, make("small", { class: "ide-more" }, size(file.size)), picture("copy")));
}

async function copy(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(path);
    toast(say("copiedPath", { path }), "success");
  } catch {
    toast(document.body.dataset["textNotCopied"] ?? "", "error");
  }
}
