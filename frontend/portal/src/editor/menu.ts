import { byId, make } from "./page";

export type Choice = { label: string; isDanger?: boolean; href?: string; act?: () => void };

let opener: HTMLElement | null = null;

/** Open the page's one menu at `at`: below an element, or where the pointer is. */
export function openMenu(choices: Choice[], from: HTMLElement, at?: { x: number; y: number }): void {
  const menu = byId("ide-menu");
  closeMenu();
  opener = from;
  menu.replaceChildren(...choices.map(item));
  menu.classList.add("show");
  const box = from.getBoundingClientRect();
  const x = at?.x ?? box.left;
  const y = at?.y ?? box.bottom;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
  (menu.firstElementChild as HTMLElement | null)?.focus();
}

export function startMenu(): void {
  const menu = byId("ide-menu");
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target as Node)) closeMenu();
  });
  window.addEventListener("resize", closeMenu);
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const index = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items.at(to % items.length)?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      const back = opener;
      closeMenu();
      back?.focus();
    }
  });
}

function closeMenu(): void {
  byId("ide-menu").classList.remove("show");
  opener = null;
}

function item({ label, isDanger, href, act }: Choice): HTMLElement {
  const style = `dropdown-item${isDanger ? " text-danger" : ""}`;
  const element = href
    ? make("a", { class: style, role: "menuitem", tabindex: "-1", href, download: "" }, label)
    : make("button", { class: style, role: "menuitem", tabindex: "-1", type: "button" }, label);
  element.addEventListener("click", () => {
    const back = opener;
    closeMenu();
    back?.focus();
    act?.();
  });
  return element;
}
