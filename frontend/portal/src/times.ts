import htmx from "htmx.org";

/** Write every `<time data-local-time>` in the reader's zone, with the full moment as its hint. */
export function startTimes(): void {
  htmx.onLoad((element) => {
    const root = element as HTMLElement;
    if (root.matches("time[data-local-time]")) localise(root as HTMLTimeElement);
    root.querySelectorAll<HTMLTimeElement>("time[data-local-time]").forEach(localise);
  });
}

function localise(element: HTMLTimeElement): void {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.valueOf())) return;
  const language = document.documentElement.lang || undefined;
  element.textContent = moment.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  element.title = moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
}
