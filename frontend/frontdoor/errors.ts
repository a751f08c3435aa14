/** Errors of calls that never reached the gateway, in the gateway's own form. */
import type { IncomingMessage, ServerResponse } from "node:http";

const ERRORS = {
  408: {
    code: "body_incomplete",
    en: "The body did not arrive in time.",
    zh: "请求体未能及时传完。",
  },
  503: {
    code: "gateway_away",
    en: "The prediction gateway does not answer just now; try again in a moment.",
    zh: "预测网关暂时没有响应，请稍后再试。",
  },
};

/** Answer with JSON, unless there is an answer. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: keyof typeof ERRORS,
): void {
  if (response.headersSent || response.writableEnded) return;
  const { code, en, zh } = ERRORS[status];
  const message = /^\s*zh/i.test(request.headers["accept-language"] ?? "") ? zh : en;
  const body = JSON.stringify({ error: { code, message, field: null } });
  response.writeHead(status, {
    "access-control-allow-origin": "*",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(status === 503 ? { "retry-after": "1" } : { connection: "close" }),
  });
  response.end(body);
}
