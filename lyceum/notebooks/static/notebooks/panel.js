/** The run panel's moving parts; everything else is HTMX. */

const RECONNECT_MS = 2000;

function refreshPanel(element) {
  element.closest("[data-notebook-panel]")?.dispatchEvent(new CustomEvent("lyceum:refresh"));
}

/** A start's progress bar, fed by server-sent events until they say that it is over. */
class NotebookProgress extends HTMLElement {
  connectedCallback() {
    this.connect();
  }

  disconnectedCallback() {
    this.source?.close();
    clearTimeout(this.retry);
  }

  connect() {
    this.source = new EventSource(this.dataset.url);
    this.source.addEventListener("progress", (event) => this.show(JSON.parse(event.data)));
    this.source.addEventListener("done", () => {
      this.source.close();
      refreshPanel(this);
    });
    this.source.addEventListener("error", () => {
      // The browser itself reconnects after a broken stream, but not after an error page.
      if (this.source.readyState !== EventSource.CLOSED) return;
      this.retry = setTimeout(() => this.connect(), RECONNECT_MS);
    });
  }

  show({ percent, message }) {
    this.querySelector("[data-bar]").value = percent;
    this.querySelector("[data-percent]").textContent = `${percent} %`;
    const sentence = this.querySelector("[data-message]");
    // Unchanged text is left alone, or a screen reader would say it again.
    if (message && sentence.textContent !== message) sentence.textContent = message;
  }
}

/** Starts the project inside if it does not run, and leaves for it once it does. */
class NotebookEntrance extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:afterSettle", () => this.look());
    this.look();
  }

  look() {
    const state = this.querySelector("[data-notebook-panel]")?.dataset.state;
    if (state === "running") location.replace(this.dataset.target);
    if (state === "stopped" && !this.started) {
      this.started = true;
      this.querySelector("[data-notebook-start]")?.click();
    }
  }
}

/** A poll that fails is tried again in a moment; saying so each time would not help. */
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(
    failure,
    (event) => {
      if (event.target instanceof Element && event.target.matches("[data-quiet]")) event.stopPropagation();
    },
    true,
  );
}

/** Whoever pressed a button of the panel by keyboard stays in the panel when it changes. */
let pressed = "";
document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target === document.activeElement) pressed = target.closest("[data-notebook-panel]")?.id ?? "";
});
document.addEventListener("htmx:afterSettle", () => {
  if (pressed) document.getElementById(pressed)?.focus({ preventScroll: true });
  pressed = "";
});

customElements.define("lyceum-notebook-progress", NotebookProgress);
customElements.define("lyceum-notebook-entrance", NotebookEntrance);
