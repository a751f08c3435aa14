import { startDatasets } from "../src/editor/datasets";
import { fileWork, startFileWork } from "../src/editor/filework";
import { startMenu } from "../src/editor/menu";
import { root, showPane, startFolding } from "../src/editor/page";
import { startSubmitting } from "../src/editor/submitting";
import { offerVersion } from "../src/editor/versions";
import { Workbench } from "../src/editor/workbench";

/** The code editor of a cluster project. */
const bench = new Workbench(fileWork);
startMenu();
startFolding();
startFileWork(bench);
startDatasets(bench.talk);
startSubmitting(bench);
root.querySelectorAll<HTMLElement>("[data-show-pane]").forEach((button) => {
  button.addEventListener("click", () => showPane(button.dataset["showPane"] ?? "code"));
});
await bench.start();
await offerVersion(bench);
