/**
 * Notebooks shown read-only: frames of another origin, which can't see the page's
 * colours, are told light or dark in their address, and again when that changes.
 */
function show(frame) {
  const address = new URL(frame.dataset.src);
  address.searchParams.set("theme", document.documentElement.dataset.bsTheme ?? "light");
  if (frame.src !== address.href) frame.src = address.href;
}

function showAll(root = document) {
  root.querySelectorAll("iframe[data-src]").forEach(show);
}

new MutationObserver(() => showAll()).observe(document.documentElement, {
  attributeFilter: ["data-bs-theme"],
});
document.body.addEventListener("htmx:load", (event) => showAll(event.target));
showAll();
