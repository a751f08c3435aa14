/**
 * Calls of prediction services, handed to the gateway over one connection.
 *
 * Writing each call out as HTTP again, for the gateway to read it once more, would cost
 * several times what the gateway needs for the call itself. So a call that is small and
 * plain goes as a frame (lyceum/gateway/frontdoor.py has the form), and everything else
 * by the proxy as ever.
 *
 * A gateway that is killed is started again within seconds. Calls wait for it, also those
 * that it had in its hands: they are sent once more, and only once, for it may have been
 * one of them that ended it.
 */
import { closeSync, openSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createConnection, type Socket } from "node:net";
import { refuse } from "./errors.js";

const PREFIX = "/serving/";
const NAME = "front-door";
const LARGEST_BODY = 64 << 10;
const SMALL_ANSWER = 16 << 10;
const MOST_WAITING_BYTES = 16 << 20;
const MOST_WAITING = 20_000;
const BODY_MS = 10_000;
const DIAL_MS = 100;
const PATIENCE_MS = 5000;
const MOST_TRIES = 2;
/** As lyceum/gateway/http.py has them. */
const HEADERS = {
  "access-control-allow-origin": "*",
  "cache-control": "no-store",
  "content-type": "application/json",
  "x-content-type-options": "nosniff",
};

interface Call {
  response: ServerResponse;
  head: string;
  pieces: Buffer[];
  tries: number;
}

export class Gateway {
  /** Null while the gateway is away. */
  #link: Socket | null = null;
  /** Whether the gateway has been away for so long that nobody waits for it. */
  #givenUp = false;
  #patience: NodeJS.Timeout | undefined;
  #waiting = new Map<number, Call>();
  #number = 0;
  /** What has come of the next answer, and how much of it there must be to read on. */
  #pieces: Buffer[] = [];
  #received = 0;
  #needed = 4;
  #frames: Buffer[] = [];

  /** `folder` is the gateway's own, where its socket is. */
  constructor(readonly folder: string) {
    this.#await();
    this.#dial();
  }

  /** Whether the call can go this way: small, of known length, nothing odd about it. */
  takes(request: IncomingMessage): boolean {
    const { headers, method, url } = request;
    const length = Number(headers["content-length"]);
    return (
      !this.#givenUp &&
      method === "POST" &&
      url !== undefined &&
      url.startsWith(PREFIX) &&
      !/[%\\]|\/\.|\/\//.test(url.split("?", 1)[0] ?? "") &&
      length <= LARGEST_BODY &&
      headers["transfer-encoding"] === undefined &&
      (this.#link?.writableLength ?? 0) < MOST_WAITING_BYTES &&
      this.#waiting.size < MOST_WAITING
    );
  }

  /** Read the call and send it on; `takes` has said yes to it. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    const patience = setTimeout(() => refuse(request, response, 408), BODY_MS);
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("close", () => clearTimeout(patience));
    request.on("end", () => {
      clearTimeout(patience);
      if (response.writableEnded) return;
      this.#send(request, response, pieces);
    });
  }

  #send(request: IncomingMessage, response: ServerResponse, pieces: Buffer[]): void {
    if (this.#givenUp) return refuse(request, response, 503);
    const { headers, url = "" } = request;
    const question = url.indexOf("?");
    const head = JSON.stringify([
      question < 0 ? url : url.slice(0, question),
      question < 0 ? "" : url.slice(question + 1),
      headers.authorization ?? "",
      headers["content-type"] ?? "",
      headers["accept-language"] ?? "",
    ]);
    const number = (this.#number + 1) % 2 ** 32;
    this.#number = number;
    const call: Call = { response, head, pieces, tries: 0 };
    this.#waiting.set(number, call);
    response.on("close", () => {
      // A caller who has hung up: nobody needs the work any more.
      if (this.#waiting.delete(number) && !response.writableEnded) this.#write(number, "", []);
    });
    this.#try(number, call);
  }

  #try(number: number, call: Call): void {
    if (!this.#link) return;
    call.tries += 1;
    this.#write(number, call.head, call.pieces);
  }

  /** Write a frame; one without a head takes a call back. */
  #write(number: number, head: string, pieces: Buffer[]): void {
    const headBytes = Buffer.byteLength(head);
    const frame = Buffer.allocUnsafe(10 + headBytes);
    const bodyBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    frame.writeUInt32BE(6 + headBytes + bodyBytes, 0);
    frame.writeUInt32BE(number, 4);
    frame.writeUInt16BE(headBytes, 8);
    frame.write(head, 10);
    // All calls that one turn of the loop brings are written together.
    if (this.#frames.length === 0) setImmediate(() => this.#flush());
    this.#frames.push(frame, ...pieces);
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    this.#link?.write(Buffer.concat(frames));
  }

  #dial(): void {
    let folder: number;
    try {
      folder = openSync(this.folder, "r");
    } catch {
      this.#dialLater();
      return;
    }
    // A socket's path has at most 108 bytes, whatever the folder's is.
    const link = createConnection(`/proc/self/fd/${folder}/${NAME}`);
    const found = (): void => closeSync(folder);
    link.once("connect", () => {
      found();
      clearTimeout(this.#patience);
      this.#link = link;
      this.#givenUp = false;
      for (const [number, call] of this.#waiting) this.#try(number, call);
    });
    link.once("error", () => {
      if (this.#link !== link) found();
    });
    link.on("data", (data: Buffer) => this.#read(data));
    link.once("close", () => {
      if (this.#link === link) this.#lost();
      this.#dialLater();
    });
  }

  #dialLater(): void {
    setTimeout(() => this.#dial(), DIAL_MS).unref();
  }

  /** Let calls wait for the gateway for a while; none is left without an answer. */
  #await(): void {
    this.#patience = setTimeout(() => {
      this.#givenUp = true;
      this.#refuse(() => true);
    }, PATIENCE_MS);
  }

  #refuse(which: (call: Call) => boolean): void {
    for (const [number, call] of this.#waiting) {
      if (!which(call)) continue;
      this.#waiting.delete(number);
      refuse(call.response.req, call.response, 503);
    }
  }

  #lost(): void {
    this.#link = null;
    this.#pieces = [];
    this.#received = 0;
    this.#needed = 4;
    this.#frames = [];
    this.#refuse((call) => call.tries >= MOST_TRIES);
    this.#await();
  }

  #read(data: Buffer): void {
    this.#pieces.push(data);
    this.#received += data.length;
    if (this.#received < this.#needed) return;
    let left = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : data;
    this.#needed = 4;
    while (left.length >= 4) {
      const end = 4 + left.readUInt32BE(0);
      if (left.length < end) {
        this.#needed = end;
        break;
      }
      this.#answer(left.subarray(4, end));
      left = left.subarray(end);
    }
    this.#pieces = left.length > 0 ? [left] : [];
    this.#received = left.length;
  }

  #answer(frame: Buffer): void {
    const response = this.#waiting.get(frame.readUInt32BE(0))?.response;
    if (!response || response.headersSent) return;
    const body = 8 + frame.readUInt16BE(6);
    const more = body > 8 ? JSON.parse(frame.toString("utf8", 8, body)) : {};
    response.writeHead(frame.readUInt16BE(4), {
      ...HEADERS,
      ...more,
      "content-length": frame.length - body,
    });
    // Node writes a string together with the headers, a buffer by itself. Latin-1 leaves
    // the bytes as they are.
    if (frame.length - body <= SMALL_ANSWER) response.end(frame.toString("latin1", body), "latin1");
    else response.end(frame.subarray(body));
  }
}
