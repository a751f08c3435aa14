/** @tus/server with the portal's say, and bodies taken as Node gives them. */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Server, type Upload } from "@tus/server";
import { Intake } from "./intake.js";
import type { Portal } from "./portal.js";
import { problem, Refusal } from "./refusals.js";
import type { HashingStore } from "./store.js";
import { Turns } from "./turns.js";

export const PATH = "/uploads/";
/** A request that another one waits for is stopped after this long. */
const DRAIN_MS = 1000;
/** What @tus/server may see: it takes x-forwarded-proto with two values for an error. */
const TUS_HEADERS = /^(?:tus-resumable|upload-.*|content-(?:type|length))$/;
/** What the system's errors mean; the portal removes files when an upload is replaced. */
const STATUS_OF_ERROR: Record<string, number> = { ENOSPC: 507, EDQUOT: 507, ENOENT: 410 };

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** One tus endpoint; `answer` may be called for any number of requests at once. */
export class Tus {
  readonly #server: Server;
  readonly #portal: Portal;
  readonly #store: HashingStore;
  readonly #askers = new WeakMap<object, IncomingHttpHeaders>();
  readonly #created = new WeakMap<object, string>();

  constructor(store: HashingStore, portal: Portal) {
    this.#store = store;
    this.#portal = portal;
    this.#server = new Server({
      path: PATH.slice(0, -1),
      relativeLocation: true,
      datastore: store,
      locker: new Turns(),
      lockDrainTimeout: DRAIN_MS,
      allowedOrigins: () => false,
      namingFunction: () => randomBytes(16).toString("hex"),
      onUploadCreate: (request, upload) => this.#register(request, upload),
      onIncomingRequest: async (request, id) => {
        if (request.method !== "POST") {
          await this.#portal.access(this.#asker(request), id, request.method);
        }
      },
      onResponseError: (request, error) => this.#refusal(this.#asker(request), error),
    });
    const { PATCH, POST } = this.#server.handlers;
    for (const handler of [PATCH, POST]) {
      // The library's own way takes each chunk through a web stream and back, which
      // costs a third more processor time (docs/adr/0004-tus-server.md).
      handler["writeToStore"] = (body, upload, limit, context) =>
        this.#receive(body as unknown as IncomingMessage, upload, limit, context.signal);
    }
  }

  /** Answer `request`; `id` is the upload it names, `undefined` for the creation of one. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    id: string | undefined,
  ): Promise<Answer> {
    const asked = webRequest(request, response, id);
    this.#askers.set(asked, request.headers);
    const answer = await readAnswer(await this.#server.handleWeb(asked), request.headers);
    const created = this.#created.get(asked);
    if (created && (answer.status !== 201 || response.destroyed)) await this.#undo(asked, created);
    if (id && request.method === "DELETE" && answer.status === 204) {
      return this.#end(asked, id, answer);
    }
    return answer;
  }

  async #register(request: Request, upload: Upload): Promise<{ metadata: Upload["metadata"] }> {
    const asker = this.#asker(request);
    const draft = upload.metadata?.["draft"];
    const path = upload.metadata?.["path"];
    if (!draft || !path || upload.size === undefined || !Number.isSafeInteger(upload.size)) {
      throw new Refusal(400, problem(400, asker));
    }
    await this.#portal.create(asker, { id: upload.id, draft, path, size: upload.size });
    this.#created.set(request, upload.id);
    return { metadata: { draft, path } };
  }

  async #receive(
    body: IncomingMessage,
    upload: Upload,
    limit: number,
    signal: AbortSignal,
  ): Promise<number> {
    const intake = new Intake(body, limit, signal);
    try {
      return await this.#store.append(upload, intake);
    } finally {
      intake.close();
    }
  }

  /** Nobody will ever know the address of an upload whose creation failed half way. */
  async #undo(request: object, id: string): Promise<void> {
    await this.#store.remove(id);
    await this.#portal.end(this.#asker(request), id).catch(() => {});
  }

  async #end(request: object, id: string, answer: Answer): Promise<Answer> {
    const asker = this.#asker(request);
    try {
      await this.#portal.end(asker, id);
    } catch {
      // The client asks again, which does no harm, until the portal knows.
      return { ...answer, status: 503, body: problem(503, asker) };
    }
    return answer;
  }

  #asker(request: object): IncomingHttpHeaders {
    return this.#askers.get(request) ?? {};
  }

  #refusal(
    asker: IncomingHttpHeaders,
    error: Error | { status_code: number; body: string },
  ): { status_code: number; body: string } {
    if (error instanceof Refusal) return error;
    if ("status_code" in error) {
      return { status_code: error.status_code, body: problem(error.status_code, asker) };
    }
    const status = STATUS_OF_ERROR[(error as NodeJS.ErrnoException).code ?? ""] ?? 500;
    if (status !== 410) console.error(new Date().toISOString(), error);
    return { status_code: status, body: problem(status, asker) };
  }
}

/** The request as @tus/server takes it; `body` stays Node's own stream. */
function webRequest(request: IncomingMessage, response: ServerResponse, id?: string): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) if (TUS_HEADERS.test(name)) headers.append(name, value);
  }
  const made = new Request(`http://uploads${PATH}${id ?? ""}`, {
    method: request.method ?? "",
    headers,
  });
  const own = { body: request, runtime: { name: "node", node: { req: request, res: response } } };
  for (const [name, value] of Object.entries(own)) Object.defineProperty(made, name, { value });
  return made;
}

/** Without CORS, which only lets other origins in; each refusal in the portal's shape. */
async function readAnswer(response: Response, asker: IncomingHttpHeaders): Promise<Answer> {
  let body = await response.text();
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (/^(?:tus|upload)-|^(?:location|cache-control)$/.test(name)) headers[name] = value;
  }
  if (response.status >= 400) {
    if (!body.startsWith("{")) body = problem(response.status, asker);
    headers["content-type"] = "application/json; charset=utf-8";
  }
  return { status: response.status, headers, body };
}
