import { startChosen } from "../src/tasks/chosen";
import { startLengths, startTicks } from "../src/tasks/live";
import { Viewer } from "../src/tasks/viewer";

/** The pages of tasks: the history, and a task with its log and its charts. */
startTicks();
startLengths();
startChosen();

const log = document.querySelector<HTMLElement>("[data-log]");
if (log) {
  const viewer = new Viewer(log);
  void viewer.open();
  // A task that waited has started, or was started anew: then there is another log.
  document.body.addEventListener("htmx:load", (event) => {
    const state = (event.target as HTMLElement).closest<HTMLElement>("#task-state");
    if (state && Number(state.dataset["attempt"]) > viewer.attempts) void viewer.open();
  });
}

const usage = document.querySelector<HTMLElement>("[data-usage]");
if (usage) void import("../src/tasks/charts").then(({ start }) => start(usage));
