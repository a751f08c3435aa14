import Alpine from "@alpinejs/csp";
import "bootstrap/js/dist/alert";
import "bootstrap/js/dist/collapse";
import "bootstrap/js/dist/dropdown";
import "bootstrap/js/dist/modal";
import "bootstrap/js/dist/offcanvas";
import "bootstrap/js/dist/tab";
import htmx from "htmx.org";
import "../src/portal.css";
import { startControls } from "../src/controls";
import { startDetours } from "../src/detours";
import { openSwappedDialogs, startDialogs } from "../src/dialogs";
import { startRequests } from "../src/requests";
import { startTimes } from "../src/times";
import { startToasts } from "../src/toasts";

Object.assign(window, { Alpine, htmx });
startRequests();
startDialogs();
openSwappedDialogs();
startToasts();
startControls();
startDetours();
startTimes();

// Other entries register their components on `alpine:init`; module scripts have
// all run by the time the document is ready.
document.addEventListener("DOMContentLoaded", () => Alpine.start());
