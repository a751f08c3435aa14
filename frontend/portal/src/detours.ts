import htmx from "htmx.org";

/**
 * A form that a learner leaves to make something it needs: `data-detour` on a link in
 * `<form data-keep="name">` keeps what is typed, in this tab; the form comes back with
 * it when the server marks it `data-refill`.
 */
export function startDetours(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("[data-detour]");
    const form = link?.closest<HTMLFormElement>("form[data-keep]");
    if (form) keep(form);
  });
  htmx.onLoad((element) => {
    const form = (element as HTMLElement).querySelector<HTMLFormElement>("form[data-keep][data-refill]");
    if (form) refill(form);
  });
}

type Kept = [name: string, value: string][];

function keep(form: HTMLFormElement): void {
  const kept: Kept = [];
  for (const control of controls(form)) {
    if (!isBox(control) || control.checked) kept.push([control.name, control.value]);
  }
  sessionStorage.setItem(key(form), JSON.stringify(kept));
}

function refill(form: HTMLFormElement): void {
  const stored = sessionStorage.getItem(key(form));
  sessionStorage.removeItem(key(form));
  if (!stored) return;
  for (const [name, value] of JSON.parse(stored) as Kept) {
    const named = controls(form).filter((control) => control.name === name);
    const control = named.find((each) => !isBox(each) || each.value === value);
    if (control && isBox(control)) check(control);
    else if (control) control.value = value;
    else addBox(form, name, value);
  }
}

/** A chosen box that the page does not list now: `data-boxes` holds such boxes, and hears of it. */
function addBox(form: HTMLFormElement, name: string, value: string): void {
  const holder = form.querySelector<HTMLElement>(`[data-boxes="${CSS.escape(name)}"]`);
  if (!holder) return;
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name, value, hidden: true });
  holder.append(box);
  check(box);
}

/** As a click would: who listens to the box hears of it. */
function check(box: HTMLInputElement): void {
  box.checked = true;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** What a learner has set; choices of what to look at (`data-keep-not`) are not part of it. */
function controls(form: HTMLFormElement): Control[] {
  return [...form.elements].filter((element): element is Control => {
    const { name, type } = element as Control;
    return Boolean(name) && !["hidden", "submit", "button", "file"].includes(type) && !element.closest("[data-keep-not]");
  });
}

function isBox(control: Control): control is HTMLInputElement {
  return control.type === "checkbox" || control.type === "radio";
}

function key(form: HTMLFormElement): string {
  return `lyceum-kept:${form.dataset["keep"]}`;
}
