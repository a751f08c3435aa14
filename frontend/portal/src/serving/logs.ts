/** Pixels from its end within which a log counts as read to the end, and follows what is added. */
const NEAR = 40;

/** A log that goes on: it stays at its end while the reader is there, and still where they read. */
export function startLogs(): void {
  const log = document.querySelector<HTMLElement>("[data-log]");
  if (!log) return;
  let follows = true;
  const toEnd = (): void => {
    log.scrollTop = log.scrollHeight;
  };
  log.addEventListener("scroll", () => {
    follows = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  });
  new MutationObserver(() => follows && toEnd()).observe(log, { childList: true, subtree: true });
  toEnd();
}
