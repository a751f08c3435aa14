/** What this server asks the portal: may this be uploaded, and may this user touch it. */
import type { IncomingHttpHeaders } from "node:http";
import { problem, Refusal } from "./refusals.js";

const PATIENCE_MS = 15_000;
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

export class Portal {
  readonly #uploads: string;
  readonly #token: string;

  constructor(address: string, token: string) {
    this.#uploads = `${address}/internal/uploads/`;
    this.#token = token;
  }

  /** Throws a `Refusal` unless the asker may upload this; the portal then has a record of it. */
  create(asker: IncomingHttpHeaders, wanted: Wanted): Promise<void> {
    return this.#post("", asker, wanted);
  }

  /** Throws a `Refusal` unless the upload is the asker's and still open. */
  access(asker: IncomingHttpHeaders, id: string, method: string): Promise<void> {
    return this.#post(`${id}/access`, asker, { method });
  }

  /** The upload's files are gone; the portal forgets it. */
  end(asker: IncomingHttpHeaders, id: string): Promise<void> {
    return this.#post(`${id}/end`, asker, {});
  }

  async #post(path: string, asker: IncomingHttpHeaders, body: object): Promise<void> {
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "x-lyceum-internal": this.#token,
    };
    for (const name of FORWARDED) {
      const value = asker[name];
      if (value) headers[name] = value;
    }
    let status: number;
    let text: string;
    try {
      const answer = await fetch(this.#uploads + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      status = answer.status;
      text = await answer.text();
    } catch {
      throw new Refusal(503, problem(503, asker));
    }
    if (status >= 200 && status < 300) return;
    if (REFUSALS.has(status) && text.startsWith("{")) throw new Refusal(status, text);
    throw new Refusal(503, problem(503, asker));
  }
}
