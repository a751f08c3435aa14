import { startBoxes } from "../src/serving/boxes";
import { startLogs } from "../src/serving/logs";

/**
 * Pages of prediction services. The editor and the charts are large, so that they are
 * fetched only where a page has some.
 */
function look(root: ParentNode, isNew: boolean): void {
  const editors = root.querySelectorAll<HTMLTextAreaElement>("textarea[data-editor]");
  if (editors.length) void import("../src/serving/editor").then(({ mount }) => editors.forEach(mount));
  const marks = root.querySelectorAll<HTMLElement>("[data-mark-line]");
  if (marks.length) void import("../src/serving/editor").then(({ mark }) => marks.forEach((each) => mark(each, isNew)));
  const numbers = root.querySelector<HTMLElement>("[data-points]");
  if (numbers) void import("../src/serving/charts").then(({ draw }) => draw(numbers));
}

// HTMX tells of what it has put in place itself; this of what the page came with.
look(document, false);
document.body.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) look((event.target as Element).parentElement ?? document, true);
});
startBoxes();
startLogs();
