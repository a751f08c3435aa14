import { csrfToken, text as sentence } from "../requests";

export type Entry = { path: string; folder: string; name: string; kind: "folder" | "file" | "link" | "other"; size: number };
export type Files = { main_file: string; is_cut: boolean; entries: Entry[] };
export type Draft = { path: string; text: string; base: string };
export type Text = { path: string; text: string; hash: string };

/** Why the platform did not do what it was asked: its code, its sentence, what it is about. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

/** Browsers send no more than this from a page that is being left. */
const LAST_WORD_BYTES = 60_000;

/**
 * What this tab asks and says. Writes go one after another: a draft that arrives after the
 * save of its file would bring it back.
 */
export class Conversation {
  token = "";
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly address: string) {}

  get<T>(what: string, query: Record<string, string> = {}): Promise<T> {
    return this.ask<T>(`${what}/?${new URLSearchParams(query)}`, { method: "GET" });
  }

  /** `body` is made when its turn comes. */
  post<T>(what: string, body: () => object): Promise<T> {
    return this.inTurn(() => this.ask<T>(`${what}/`, { method: "POST", body: JSON.stringify(body()) }));
  }

  upload(file: File, path: string, replace: boolean): Promise<Files> {
    const query = new URLSearchParams(replace ? { path, replace: "1" } : { path });
    return this.inTurn(() => this.ask<Files>(`upload/?${query}`, { method: "POST", body: file }));
  }

  /** Say something while the page goes, without an answer; false when it is too much for that. */
  lastWord(what: string, body: object): boolean {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    if (bytes.length > LAST_WORD_BYTES) return false;
    const sent = fetch(`${this.address}${what}/`, { method: "POST", body: bytes, keepalive: true, headers: this.headers() });
    sent.catch(() => undefined); // the page is gone, or says so at its next word
    return true;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async ask<T>(where: string, request: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetch(this.address + where, { ...request, headers: this.headers() });
    } catch {
      throw new Refusal("offline", sentence("textOffline"));
    }
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer = isJson ? ((await response.json()) as Record<string, unknown>) : {};
    if (response.ok && isJson) return answer as T;
    const title = typeof answer["title"] === "string" ? answer["title"] : "";
    const field = typeof answer["field"] === "string" ? answer["field"] : null;
    throw new Refusal(String(answer["code"] ?? response.status), title || plain(response.status), field);
  }

  private headers(): Record<string, string> {
    // Bytes to the platform, whatever the browser takes a file for.
    const type = "application/octet-stream";
    return { "X-CSRFToken": csrfToken(), "X-Editor-Session": this.token, Accept: "application/json", "Content-Type": type };
  }
}

function plain(status: number): string {
  if (status === 403) return sentence("textForbidden");
  if (status === 404) return sentence("textNotFound");
  return `${sentence("textFailed")} (${status})`;
}
