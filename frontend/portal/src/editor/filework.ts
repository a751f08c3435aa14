import { confirmed } from "../dialogs";
import { toast } from "../toasts";
import { askFolder, askName } from "./asking";
import { Refusal, type Entry, type Files } from "./conversation";
import { openMenu, type Choice } from "./menu";
import { byId, folderOf, isBelow, joined, nameOf, root, say } from "./page";
import type { TreeEvents } from "./tree";
import type { Workbench } from "./workbench";

/** What the file list can do: each asks what it has to, and shows the files as they are then. */
export function fileWork(bench: Workbench): Omit<TreeEvents, "open"> {
  return {
    menu: (entry, from, at) => openMenu(choices(bench, entry), from, at),
    rename: (path) => rename(bench, path),
    remove: (entry) => void remove(bench, entry),
    move: (path, folder) => void move(bench, path, joined(folder, nameOf(path))).catch(told),
    upload: (files, folder) => void upload(bench, files, folder),
  };
}

/** The buttons above the list. */
export function startFileWork(bench: Workbench): void {
  const input = byId<HTMLInputElement>("ide-upload");
  let folder = "";
  const buttons: Record<string, () => void> = {
    file: () => newFile(bench, bench.tree.place),
    folder: () => newFolder(bench, bench.tree.place),
    upload: () => ((folder = bench.tree.place), input.click()),
  };
  root.querySelectorAll<HTMLElement>("[data-file-work]").forEach((button) => {
    button.addEventListener("click", () => buttons[button.dataset["fileWork"] ?? ""]?.());
  });
  input.addEventListener("change", () => {
    void upload(bench, [...(input.files ?? [])], folder);
    input.value = "";
  });
}

function choices(bench: Workbench, entry: Entry): Choice[] {
  const { path, kind } = entry;
  const isFile = kind === "file";
  const list: (Choice | false)[] = [
    isFile && { label: say("open"), act: () => void bench.open(path, true) },
    ...(bench.session.canWrite ? writes(bench, entry) : []),
    isFile && { label: say("download"), href: `${root.dataset["download"]}?${new URLSearchParams({ path })}` },
    bench.session.canWrite && { label: say("delete"), isDanger: true, act: () => void remove(bench, entry) },
  ];
  return list.filter((each): each is Choice => each !== false);
}

function writes(bench: Workbench, { path, kind }: Entry): Choice[] {
  const isFolder = kind === "folder";
  const list: (Choice | false)[] = [
    path.endsWith(".py") && path !== bench.tree.mainFile && { label: say("setMain"), act: () => void setMain(bench, path) },
    isFolder && { label: say("newFile"), act: () => newFile(bench, path) },
    isFolder && { label: say("newFolder"), act: () => newFolder(bench, path) },
    { label: say("rename"), act: () => rename(bench, path) },
    { label: say("move"), act: () => moveTo(bench, path) },
  ];
  return list.filter((each): each is Choice => each !== false);
}

function newFile(bench: Workbench, folder: string): void {
  askName(say("newFile"), folder, ".py", async (name) => {
    const path = joined(folder, name);
    await change(bench, "file", { path });
    bench.tree.reveal(path);
    await bench.open(path, true);
  });
  byId<HTMLInputElement>("ide-name-input").setSelectionRange(0, 0);
}

function newFolder(bench: Workbench, folder: string): void {
  askName(say("newFolder"), folder, "", async (name) => {
    await change(bench, "folder", { path: joined(folder, name) });
    bench.tree.reveal(joined(folder, name));
  });
}

function rename(bench: Workbench, path: string): void {
  askName(say("rename"), folderOf(path), nameOf(path), async (name) => {
    if (name !== nameOf(path)) await move(bench, path, joined(folderOf(path), name));
  });
}

function moveTo(bench: Workbench, path: string): void {
  const folders = bench.tree.folders.filter((folder) => folder !== folderOf(path) && !isBelow(folder, path));
  askFolder(say("move"), folders, (folder) => move(bench, path, joined(folder, nameOf(path))));
}

async function move(bench: Workbench, path: string, newPath: string): Promise<void> {
  await bench.session.keep(); // drafts move with their files
  const files = await bench.session.write<Files>("move", () => ({ path, new_path: newPath }));
  bench.tree.moved(path, newPath);
  for (const doc of bench.docs.below(path)) doc.path = newPath + doc.path.slice(path.length);
  bench.showFiles(files);
  bench.tree.reveal(newPath);
  bench.panel.draw();
}

async function remove(bench: Workbench, entry: Entry): Promise<void> {
  const question = say(entry.kind === "folder" ? "sureFolder" : "sureFile", { name: entry.path });
  if (!(await confirmed(question, say("delete")))) return;
  const hadMain = bench.tree.mainFile;
  try {
    await change(bench, "remove", { path: entry.path });
  } catch (refusal) {
    return told(refusal);
  }
  bench.forget(...bench.docs.below(entry.path));
  if (hadMain && !bench.tree.mainFile) toast(say("lostMain"), "warning");
}

async function setMain(bench: Workbench, path: string): Promise<void> {
  await change(bench, "main", { path }).catch(told);
}

async function upload(bench: Workbench, files: File[], folder: string): Promise<void> {
  const most = Number(root.dataset["uploadBytes"]);
  let count = 0;
  for (const file of files) {
    if (file.size > most) toast(say("tooLarge", { name: file.name }), "error");
    else if (await uploadOne(bench, file, joined(folder, file.name))) count++;
  }
  if (count) toast(say("uploaded"), "success");
  bench.session.draw();
}

async function uploadOne(bench: Workbench, file: File, path: string): Promise<boolean> {
  byId("ide-state").textContent = say("uploading", { name: file.name });
  try {
    bench.showFiles(await bench.talk.upload(file, path, false));
  } catch (refusal) {
    const isThere = refusal instanceof Refusal && refusal.code === "already_there";
    if (!isThere) return told(refusal), false;
    if (!(await confirmed(say("sureReplace", { name: path }), say("replace")))) return false;
    try {
      bench.showFiles(await bench.talk.upload(file, path, true));
    } catch (again) {
      return told(again), false;
    }
  }
  bench.tree.reveal(path);
  await bench.refresh(path).catch(told);
  return true;
}

async function change(bench: Workbench, what: string, body: object): Promise<void> {
  bench.showFiles(await bench.session.write<Files>(what, () => body));
}

function told(refusal: unknown): void {
  toast((refusal as Error).message, "error");
}
