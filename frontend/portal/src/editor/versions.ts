import { toast } from "../toasts";
import type { Files } from "./conversation";
import { byId, make, root, say } from "./page";
import { savedText } from "./session";
import type { Workbench } from "./workbench";

type Version = { number: number; texts: { path: string; text: string }[]; others: string[]; extra: string[] };

/** 编辑 of a task (`?version=N`): open that version's code, as changes or in the place of all. */
export async function offerVersion(bench: Workbench): Promise<void> {
  const number = root.dataset["version"];
  if (!number || !bench.session.canWrite) return;
  history.replaceState(null, "", location.pathname); // asked once, not at every reload
  const version = await bench.talk.get<Version>(`versions/${number}`);
  if (!version.texts.length && !version.others.length && !version.extra.length) {
    return toast(say("sameVersion", { number }), "info");
  }
  const dialog = byId<HTMLDialogElement>("ide-version");
  list(dialog, "texts", version.texts.map((each) => each.path));
  list(dialog, "others", version.others);
  list(dialog, "extra", version.extra);
  const open = dialog.querySelector<HTMLButtonElement>("[value=open]");
  if (open) open.hidden = !version.texts.length;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => void answered(bench, version, dialog.returnValue), { once: true });
  dialog.showModal();
}

async function answered(bench: Workbench, version: Version, answer: string): Promise<void> {
  try {
    if (answer === "open") await openAll(bench, version);
    if (answer === "restore") await restore(bench, version);
  } catch (refusal) {
    toast((refusal as Error).message, "error");
  }
}

async function openAll(bench: Workbench, version: Version): Promise<void> {
  for (const { path, text } of version.texts) {
    const present = bench.docs.at(path) ? null : await savedText(bench.talk, path).catch(() => null);
    const open = bench.docs.at(path);
    bench.openChange(path, text, present?.hash ?? "", open ? open.text : (present?.text ?? null));
  }
  const first = version.texts.find((each) => each.path === bench.tree.mainFile) ?? version.texts[0];
  bench.panel.show(bench.docs.at(first?.path ?? "") ?? bench.docs.current, true);
  bench.session.changed();
  toast(say("versionOpened", { number: version.number }), "info");
}

async function restore(bench: Workbench, version: Version): Promise<void> {
  await bench.session.keep();
  const files = await bench.session.write<Files>("restore", () => ({ number: version.number }));
  bench.forget(...bench.docs.all);
  bench.showFiles(files);
  const path = bench.tree.entryOf(files.main_file)?.path ?? bench.tree.entries.find((entry) => /\.(py|txt)$/i.test(entry.path))?.path;
  if (path) await bench.open(path, true);
  toast(say("versionRestored", { number: version.number }), "success");
}

function list(dialog: HTMLElement, name: string, paths: string[]): void {
  const title = dialog.querySelector<HTMLElement>(`[data-${name}]`);
  if (title) title.hidden = !paths.length;
  dialog.querySelector(`[data-list=${name}]`)?.replaceChildren(...paths.map((path) => make("li", {}, make("code", {}, path))));
}
