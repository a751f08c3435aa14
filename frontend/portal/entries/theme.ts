/**
 * Dark or light, before the page is painted: a classic script in <head> (no
 * imports, so that the built file is one too), so dark pages never flash white.
 * The choice (`light`, `dark` or `auto`, the system's) arrives as the event
 * `lyceum:theme` and is kept in this browser.
 */
(() => {
  const key = "lyceum-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function apply(): void {
    const stored = localStorage.getItem(key);
    const choice = stored === "light" || stored === "dark" ? stored : "auto";
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    root.dataset["bsTheme"] = dark ? "dark" : "light";
    root.dataset["theme"] = root.dataset["bsTheme"]; // the name Django's admin gives it
    root.dataset["themeChoice"] = choice;
  }

  apply();
  system.addEventListener("change", apply);
  document.addEventListener("lyceum:theme", (event) => {
    localStorage.setItem(key, (event as CustomEvent<string>).detail);
    apply();
  });
  window.addEventListener("storage", (event) => {
    if (event.key === key) apply();
  });
})();
