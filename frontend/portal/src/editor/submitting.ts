import { toast } from "../toasts";
import type { Refusal } from "./conversation";
import { byId, say, showPane } from "./page";
import type { Workbench } from "./workbench";

type Submitted = { task: number; url: string };

/** 提交任务: what the task is made of, the sum of it, and the way to its page. */
export function startSubmitting(bench: Workbench): void {
  const form = byId<HTMLFormElement>("ide-form");
  form.addEventListener("input", () => sum(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(bench, form);
  });
  document.addEventListener("editor:files", () => showMainFile(bench));
  sum(form);
}

async function submit(bench: Workbench, form: HTMLFormElement): Promise<void> {
  const button = byId<HTMLButtonElement>("ide-submit");
  complain(form, null, "");
  const wrong = [...form.elements].find((each): each is HTMLInputElement => each instanceof HTMLInputElement && !each.validity.valid);
  if (wrong) return complain(form, wrong.name === "minutes" ? "time_limit_minutes" : wrong.name, wrong.validationMessage);
  button.disabled = true;
  try {
    if (!(await bench.save())) return;
    const task = await bench.session.write<Submitted>("submit", () => asked(form));
    location.assign(task.url);
  } catch (refusal) {
    const { field, message } = refusal as Refusal;
    complain(form, field, message);
    showPane("submit");
  } finally {
    button.disabled = !bench.session.canWrite;
  }
}

function asked(form: HTMLFormElement): Record<string, string | number> {
  const values = new FormData(form);
  const numbers = ["trainers", "pservers", "cpus", "gpus", "minutes"].filter((name) => values.has(name));
  return { note: String(values.get("note") ?? ""), ...Object.fromEntries(numbers.map((name) => [name, Number(values.get(name))])) };
}

/** Say what is wrong beside the field it concerns, else above all; nothing takes all back. */
function complain(form: HTMLFormElement, field: string | null, sentence: string): void {
  form.querySelectorAll<HTMLElement>("[data-error]").forEach((place) => {
    const isIt = Boolean(sentence) && place.dataset["error"] === field;
    place.textContent = isIt ? sentence : "";
    place.classList.toggle("d-block", isIt);
    const input = place.parentElement?.querySelector("input");
    input?.classList.toggle("is-invalid", isIt);
    if (isIt) input?.focus();
  });
  const place = form.querySelector(`[data-error="${CSS.escape(field ?? "-")}"]`);
  const above = byId("ide-refusal");
  above.hidden = !sentence || Boolean(place);
  above.textContent = sentence;
  if (sentence && place) toast(sentence, "warning");
}

function sum(form: HTMLFormElement): void {
  const total = byId("ide-total");
  const number = (name: string) => Number(new FormData(form).get(name)) || 0;
  const count = number("trainers") + number("pservers");
  const cpus = count * number("cpus");
  const memory = (count * Number(total.dataset["memoryMb"])) / 1024;
  const all = Number(total.dataset["allCpus"] ?? Infinity);
  const over = cpus > all ? ` ${say("over", { cpus: all })}` : "";
  total.textContent = say("total", { count, cpus, memory: Number(memory.toFixed(1)) }) + over;
  total.classList.toggle("text-danger", Boolean(over));
}

function showMainFile(bench: Workbench): void {
  const place = byId("ide-main-file");
  const { mainFile } = bench.tree;
  const isThere = Boolean(mainFile && bench.tree.entryOf(mainFile));
  place.textContent = isThere ? mainFile : mainFile ? say("goneMain", { name: mainFile }) : say("noMain");
  place.classList.toggle("text-danger", !isThere);
}
