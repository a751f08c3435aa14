/** How many tasks of the history are chosen, and what can be done with so many. */
export function startChosen(): void {
  const form = document.querySelector<HTMLFormElement>("[data-chosen]");
  if (!form) return;
  const count = form.querySelector<HTMLElement>("[data-chosen-count]")!;
  const said = (name: string): string => form.dataset[name] ?? "";

  const tell = (): void => {
    const chosen = document.querySelectorAll<HTMLInputElement>("input[name=task][form=tasks-chosen]:checked");
    const numbers = [...chosen].map(({ value }) => `#${value}`);
    count.textContent = numbers.length ? `${said("textSome")} ${numbers.join(", ")}` : said("textNone");
    form.querySelectorAll<HTMLButtonElement>("[data-needs]").forEach((button) => {
      const { needs, needsMost } = button.dataset;
      button.disabled = numbers.length < Number(needs) || numbers.length > Number(needsMost);
    });
  };
  document.addEventListener("change", (event) => {
    if ((event.target as Element).matches("input[name=task]")) tell();
  });
  tell();
}
