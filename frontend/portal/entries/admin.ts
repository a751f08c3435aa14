import "../src/admin.css";

/** The administration's one control of ours: light, dark, like the system, in turn. */
const order = ["auto", "light", "dark"];

document.addEventListener("click", (event) => {
  if (!(event.target as Element).closest("[data-next-theme]")) return;
  const now = document.documentElement.dataset["themeChoice"] ?? "auto";
  const next = order[(order.indexOf(now) + 1) % order.length];
  document.dispatchEvent(new CustomEvent("lyceum:theme", { detail: next }));
});
