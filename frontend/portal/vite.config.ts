import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const dist = resolve(here, "../../lyceum/portal/static/dist");
const iconPackage = resolve(here, "../node_modules/@tabler/icons");

type IconNodes = Record<string, [tag: string, attributes: Record<string, string>][]>;

/** `icons.json`: what `{% icon "name" %}` inlines, name to SVG children. */
function icons(): Plugin {
  return {
    name: "lyceum-icons",
    closeBundle() {
      const read = (file: string): IconNodes =>
        JSON.parse(readFileSync(join(iconPackage, file), "utf8")) as IconNodes;
      const shapes = (nodes: IconNodes, suffix: string) =>
        Object.entries(nodes).map(([name, children]) => [
          name + suffix,
          children
            .map(([tag, attributes]) => {
              const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
              return `<${tag}${written.join("")}/>`;
            })
            .join(""),
        ]);
      mkdirSync(dist, { recursive: true });
      writeFileSync(
        join(dist, "icons.json"),
        JSON.stringify(
          Object.fromEntries([
            ...shapes(read("tabler-nodes-outline.json"), ""),
            ...shapes(read("tabler-nodes-filled.json"), "-filled"),
          ]),
        ),
      );
      copyFileSync(join(iconPackage, "LICENSE"), join(dist, "icons.LICENSE"));
    },
  };
}

const entries = readdirSync(join(here, "entries"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => [parse(file).name, join(here, "entries", file)]);

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [icons()],
  build: {
    outDir: dist,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      // htmx's `eval` is behind `htmx.config.allowEval`, which requests.ts turns off.
      checks: { eval: false },
      input: Object.fromEntries(entries),
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name]-[hash].js",
        assetFileNames: (asset) =>
          asset.names[0]?.endsWith(".css") ? "[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
