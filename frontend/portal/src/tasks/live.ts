/** Milliseconds between two looks at what can change, and at whether something is new. */
const TICK = 2000;
const SLOW_TICK = 15_000;

/** Tell the page's parts to ask for what has changed, while somebody looks at the page. */
export function startTicks(): void {
  const tell = (name: string) => (): void => {
    if (!document.hidden) document.body.dispatchEvent(new CustomEvent(name));
  };
  window.setInterval(tell("tasks:tick"), TICK);
  window.setInterval(tell("tasks:slow-tick"), SLOW_TICK);
  document.addEventListener("visibilitychange", tell("tasks:tick"));
}

/** Lengths of what still runs go on by themselves: `data-since` is its start, in seconds. */
export function startLengths(): void {
  // The server's words, whatever the language: only their numbers change.
  window.setInterval(() => {
    document.querySelectorAll<HTMLElement>("[data-since]").forEach((element) => {
      const seconds = Math.max(0, Math.round(Date.now() / 1000 - Number(element.dataset["since"])));
      element.textContent = length(seconds);
    });
  }, 1000);
}

function length(seconds: number): string {
  const unit = (value: number, name: "hour" | "minute" | "second"): string =>
    new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const [large, small] = hours ? [unit(hours, "hour"), minutes % 60 && unit(minutes % 60, "minute")] : [minutes && unit(minutes, "minute"), seconds % 60 && unit(seconds % 60, "second")];
  return [large, small].filter(Boolean).join(" ") || unit(0, "second");
}
