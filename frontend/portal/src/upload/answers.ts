import type { DetailedError, HttpRequest, HttpResponse } from "tus-js-client";

/** How long to wait before each new try, in milliseconds: two hours of them in all. */
export const RETRY_DELAYS = [0, 1000, 3000, 5000, ...Array<number>(720).fill(10_000)];
const TRIES_OF_A_BROKEN_SERVER = 5;

const CONFLICT = 409;
const LOCKED = 423;
const BROKEN = 500;
const DISK_FULL = 507;
const GONE = new Set([404, 410]);

/** An upload that can't be asked about now, and must not be begun anew for that. */
class Unresumable extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`The upload can't be resumed now (${status}).`);
  }
}

/**
 * tus-js-client begins an upload from zero when a HEAD request fails in any way;
 * here only the tus server's own word that it is gone does that.
 */
export function checkResumed(request: HttpRequest, response: HttpResponse): void {
  const status = response.getStatus();
  if (request.getMethod() !== "HEAD" || status < 300 || status === LOCKED) return;
  const isGone = GONE.has(status) && isTusServers(response);
  if (!isGone) throw new Unresumable(isTusServers(response) ? status : 0, response.getBody());
}

/** Whether trying again may help: a part is down or the connection gone, nothing was refused. */
export function mayHelp(error: DetailedError, attempt: number): boolean {
  const status = statusOf(error);
  if (status === CONFLICT) return error.originalRequest?.getMethod() === "PATCH";
  if (status === BROKEN) return attempt < TRIES_OF_A_BROKEN_SERVER;
  return status === 0 || status === LOCKED || (status > BROKEN && status !== DISK_FULL);
}

/** The server's own sentence about a failed upload, if it said one. */
export function sentenceOf(error: unknown): string {
  const { originalResponse, causingError } = error as Partial<DetailedError>;
  const body = causingError instanceof Unresumable ? causingError.body : originalResponse?.getBody();
  try {
    return (JSON.parse(body ?? "") as { message?: string }).message ?? "";
  } catch {
    return "";
  }
}

/** 0 stands for no answer, or one that is not the tus server's: something on the way. */
function statusOf({ originalResponse, causingError }: DetailedError): number {
  if (causingError instanceof Unresumable) return causingError.status;
  return originalResponse && isTusServers(originalResponse) ? originalResponse.getStatus() : 0;
}

function isTusServers(response: HttpResponse): boolean {
  return Boolean(response.getHeader("Tus-Resumable"));
}
