import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";
import "../src/upload/upload.css";
import htmx from "htmx.org";
import { Lines } from "../src/upload/lines";
import { Place } from "../src/upload/place";
import { Progress } from "../src/upload/progress";
import { watchForStalls } from "../src/upload/stalls";
import { Uploader } from "../src/upload/uploader";
import { WayOn } from "../src/upload/way_on";

/** Milliseconds between two drawings, two questions for the server's list, and after a failed one. */
const DRAW_EVERY = 200;
const ASK_EVERY = 2000;
const ASK_AGAIN = 5000;

const element = document.querySelector<HTMLElement>("[data-upload]");
if (element) start(new Place(element));

function start(place: Place): void {
  let drawing = 0;
  let asking = 0;
  let mayAsk = 0;

  const uploader = new Uploader(place, changed);
  const lines = new Lines(document.querySelector<HTMLElement>("#draft-coming")!, uploader);
  const progress = new Progress(document.querySelector<HTMLElement>("#draft-all")!, uploader);
  const wayOn = new WayOn(uploader);
  watchForStalls(uploader);

  function changed(): void {
    drawing ||= window.setTimeout(draw, DRAW_EVERY);
  }

  function show(): void {
    lines.draw();
    progress.draw();
    wayOn.draw();
  }

  function draw(): void {
    drawing = 0;
    show();
    if (!uploader.isListOld || asking) return;
    const wait = uploader.coming.length ? Math.max(0, mayAsk - performance.now()) : 0;
    asking = window.setTimeout(() => void ask(), wait);
  }

  /** Bring the server's list up to date; what has arrived leaves ours for it. */
  async function ask(): Promise<void> {
    const { arrived } = uploader;
    uploader.isListOld = false;
    const done = await renewList();
    if (done) {
      progress.count(arrived);
      uploader.forget(arrived);
      show(); // at once: the fresh list does not know what is ours
    } else window.setTimeout(askAgain, ASK_AGAIN);
    mayAsk = performance.now() + ASK_EVERY;
    asking = 0;
    changed();
  }

  function askAgain(): void {
    uploader.isListOld = true;
    changed();
  }

  document.body.addEventListener("htmx:afterSettle", changed);
  window.addEventListener("online", () => uploader.arrived.length && askAgain());
  window.setInterval(() => (uploader.coming.length || uploader.isListOld) && changed(), 1000);
  changed();
}

/** Quietly: while the platform is away, the page says so already. */
async function renewList(): Promise<boolean> {
  const list = document.querySelector<HTMLElement>("#draft-files");
  const url = list?.getAttribute("hx-get");
  if (!url) return false;
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (!answer.ok) return false;
    htmx.swap("#draft-files", await answer.text(), { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
    return true;
  } catch {
    return false;
  }
}
