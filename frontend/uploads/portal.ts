/** What this server asks the portal: may this be uploaded, and may this user touch it. */
import type { IncomingHttpHeaders } from "node:http";
import { problem, Refusal } from "./refusals.js";

const PATIENCE_MS = 15_000;
/** Uploads in one question to the portal. */
const MOST_AT_ONCE = 64;
/** The asker's headers that the portal needs to know who asks, from where, in which language. */
const FORWARDED = ["cookie", "authorization", "accept-language", "origin"] as const;
/** Answers of the portal that are for the learner; any other means that it does not work. */
const REFUSALS = new Set([400, 401, 403, 404, 409, 413]);

export interface Wanted {
  id: string;
  draft: string;
  path: string;
  /** Bytes. */
  size: number;
}

/** An upload that waits for the portal's word. */
type Asked = { wanted: Wanted; resolve: () => void; reject: (reason: unknown) => void };

export class Portal {
  readonly #uploads: string;
  readonly #token: string;
  /** What has come since the question under way, by who asks. */
  readonly #waiting = new Map<string, Asked[]>();

  constructor(address: string, token: string) {
    this.#uploads = `${address}/internal/uploads/`;
    this.#token = token;
  }

  /**
   * Throws a `Refusal` unless the asker may upload this; the portal then has a record of it.
   *
   * One question at a time for each asker: what comes while it is under way is asked
   * together in the next. The files of a large folder, several sent at once, thus cost the
   * portal a fraction of a question each, and a single file waits for nothing.
   */
  create(asker: IncomingHttpHeaders, wanted: Wanted): Promise<void> {
    const who = JSON.stringify(forwarded(asker));
    return new Promise((resolve, reject) => {
      const asked = { wanted, resolve, reject };
      const waiting = this.#waiting.get(who);
      if (waiting) waiting.push(asked);
      else void this.#ask(who, asker, asked);
    });
  }

  /** Throws a `Refusal` unless the upload is the asker's and still open. */
  async access(asker: IncomingHttpHeaders, id: string, method: string): Promise<void> {
    await this.#post(`${id}/access`, asker, { method });
  }

  /** The upload's files are gone; the portal forgets it. */
  async end(asker: IncomingHttpHeaders, id: string): Promise<void> {
    await this.#post(`${id}/end`, asker, {});
  }

  /** Ask about `first`, then about all that has come meanwhile, until nothing more has. */
  async #ask(who: string, asker: IncomingHttpHeaders, first: Asked): Promise<void> {
    const waiting: Asked[] = [];
    this.#waiting.set(who, waiting);
    for (let asked = [first]; asked.length > 0; asked = waiting.splice(0, MOST_AT_ONCE)) {
      try {
        const uploads = asked.map(({ wanted }) => wanted);
        const refusals = await this.#begin(asker, uploads);
        for (const { wanted, resolve, reject } of asked) {
          const refusal = refusals.get(wanted.id);
          if (refusal) reject(refusal);
          else resolve();
        }
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#waiting.delete(who);
  }

  /** By id, why the portal does not want an upload. */
  async #begin(asker: IncomingHttpHeaders, uploads: Wanted[]): Promise<Map<string, Refusal>> {
    const text = await this.#post("", asker, { uploads });
    const { refusals } = JSON.parse(text) as { refusals: Record<string, { status: number }> };
    const found = Object.entries(refusals).map(([id, { status, ...body }]) => {
      return [id, new Refusal(status, JSON.stringify(body))] as const;
    });
    return new Map(found);
  }

  async #post(path: string, asker: IncomingHttpHeaders, body: object): Promise<string> {
    let status: number;
    let text: string;
    try {
      const answer = await fetch(this.#uploads + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-lyceum-internal": this.#token,
          ...forwarded(asker),
        },
        body: JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      status = answer.status;
      text = await answer.text();
    } catch {
      throw new Refusal(503, problem(503, asker));
    }
    if (status >= 200 && status < 300) return text;
    if (REFUSALS.has(status) && text.startsWith("{")) throw new Refusal(status, text);
    throw new Refusal(503, problem(503, asker));
  }
}

function forwarded(asker: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = asker[name];
    if (value) headers[name] = value;
  }
  return headers;
}
