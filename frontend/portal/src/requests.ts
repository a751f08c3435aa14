import htmx from "htmx.org";
import { toast } from "./toasts";

function cookie(name: string): string | undefined {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** The token for `X-CSRFToken`; the cookie is newer than the page after a login in another tab. */
export function csrfToken(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  return cookie(meta?.dataset["cookie"] ?? "csrftoken") ?? meta?.content ?? "";
}

/** A sentence in the page's language, from `<body data-text-…>`. */
export function text(name: string): string {
  return document.body.dataset[name] ?? "";
}

type Answer = CustomEvent<{ xhr: XMLHttpRequest }>;

/** HTMX as the portal uses it: CSRF on every request, and no failure without a word. */
export function startRequests(): void {
  htmx.config.includeIndicatorStyles = false;
  htmx.config.allowEval = false;
  htmx.config.allowScriptTags = false;
  htmx.config.selfRequestsOnly = true;
  htmx.config.historyCacheSize = 0;
  htmx.config.refreshOnHistoryMiss = true;
  htmx.config.responseHandling = [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "422", swap: true },
    { code: "[45]..", swap: false, error: true },
  ];
  document.body.addEventListener("htmx:configRequest", (event) => {
    const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
    headers["X-CSRFToken"] = csrfToken();
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as Answer).detail;
    if (xhr.getResponseHeader("HX-Trigger")?.includes("lyceum:toast")) return;
    toast(refusal(xhr), "error");
  });
  document.body.addEventListener("htmx:sendError", () => toast(text("textOffline"), "error"));
  document.body.addEventListener("htmx:timeout", () => toast(text("textTimeout"), "error"));
  document.body.addEventListener("htmx:swapError", () => toast(text("textFailed"), "error"));
}

/** What to tell about a failed answer: the problem's own sentence, else one by status. */
function refusal(xhr: XMLHttpRequest): string {
  if (xhr.getResponseHeader("Content-Type")?.includes("json")) {
    try {
      const problem = JSON.parse(xhr.responseText) as { title?: string; detail?: string };
      const sentence = problem.detail ?? problem.title;
      if (sentence) return sentence;
    } catch {
      // A body cut short says nothing more than its status, which is shown below.
    }
  }
  if (xhr.status === 403) return text("textForbidden");
  if (xhr.status === 404) return text("textNotFound");
  return `${text("textFailed")} (${xhr.status})`;
}
