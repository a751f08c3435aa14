/** The part `uploads`: a tus server on loopback, behind the front door's `/uploads/`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, mkdirSync } from "node:fs";
import { access } from "node:fs/promises";
import { Portal } from "./portal.js";
import { problem } from "./refusals.js";
import { settings } from "./settings.js";
import { HashingStore } from "./store.js";
import { type Answer, PATH, Tus } from "./tus.js";

const HEALTH_PATH = "/health";
const TUS_METHODS = new Set(["HEAD", "PATCH", "DELETE", "OPTIONS"]);
/** A connection on which nothing moves for this long is given up. */
const IDLE_MS = 5 * 60_000;
/** How long a refused sender may go on before its connection is cut. */
const LINGER_MS = 5_000;
/** How long what has arrived may take to reach the disk when the server stops. */
const LAST_WRITES_MS = 6_000;

const current = settings(process.env);
mkdirSync(current.folder, { recursive: true, mode: 0o700 });
const tus = new Tus(new HashingStore(current.folder), new Portal(current.portal, current.token));
const atWork = new Map<IncomingMessage, Promise<void>>();

const server = createServer(
  // Node would end a request that takes longer than five minutes.
  { requestTimeout: 0, keepAliveTimeout: 75_000 },
  (request, response) => {
    const work = serve(request, response).finally(() => atWork.delete(request));
    atWork.set(request, work);
  },
);
server.timeout = IDLE_MS;
server.listen(current.port, "127.0.0.1");
process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, response);
  } catch (error) {
    console.error(new Date().toISOString(), error);
    answer = refusal(500, request);
  }
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...answer.headers,
    "x-content-type-options": "nosniff",
    ...(answer.status !== 204 && { "content-length": Buffer.byteLength(answer.body) }),
  });
  response.end(answer.body);
  discardRest(request);
}

async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  const path = (request.url ?? "").split("?", 1)[0]!;
  if (path === HEALTH_PATH) return health();
  if (path === PATH) {
    const here = request.method === "POST" || request.method === "OPTIONS";
    return here ? tus.answer(request, response, undefined) : refusal(405, request);
  }
  // No other name ever reaches the disk.
  const id = /^\/uploads\/([0-9a-f]{32})\/?$/.exec(path)?.[1];
  if (!id) return refusal(404, request);
  if (!TUS_METHODS.has(request.method ?? "")) return refusal(405, request);
  return tus.answer(request, response, id);
}

async function health(): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  try {
    await access(current.folder, constants.W_OK);
  } catch {
    return { status: 503, headers, body: '{"status": "the folder of uploads cannot be written"}' };
  }
  return { status: 200, headers, body: '{"status": "ok"}' };
}

function refusal(status: number, request: IncomingMessage): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: problem(status, request.headers),
  };
}

/**
 * Take what a sender goes on sending after its answer. Closing at once would reset
 * the connection, and the answer with it, before the sender has read it.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const cut = setTimeout(() => request.destroy(), LINGER_MS);
  request.once("close", () => clearTimeout(cut));
  request.on("error", () => {});
  request.resume();
}

/** Take nothing new, keep what has arrived, and go. */
async function stop(): Promise<void> {
  server.close();
  for (const request of atWork.keys()) request.destroy();
  setTimeout(() => process.exit(1), LAST_WRITES_MS);
  await Promise.allSettled(atWork.values());
  process.exit(0);
}
