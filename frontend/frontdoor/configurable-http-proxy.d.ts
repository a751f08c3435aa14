/** The part of configurable-http-proxy that the front door builds on; it brings no types. */
declare module "configurable-http-proxy" {
  import type { Agent, IncomingMessage, Server, ServerResponse } from "node:http";

  export interface ProxyOptions {
    log: object;
    authToken: string;
    hostRouting: boolean;
    defaultTarget: string;
    errorPath: string;
    includePrefix: boolean;
    xfwd: boolean;
    prependPath: boolean;
  }

  export interface Match {
    /** The route that was taken, `/` for the default one. */
    prefix: string;
    target: string;
  }

  /** Status, `web` or `ws`, whose request, its answer, and what happened. */
  export type ProxyError = [
    code: number,
    kind: string,
    request: IncomingMessage,
    response: ServerResponse,
    error?: Error,
  ];

  export class ConfigurableProxy {
    constructor(options: ProxyOptions);
    readonly proxyServer: Server;
    readonly apiServer: Server;
    /** What connections to HTTP targets are made with. */
    httpAgent: Agent;
    handleProxyWeb(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
    handleProxyError(...about: ProxyError): void;
    targetForReq(request: Pick<IncomingMessage, "headers" | "url">): Promise<Match | undefined>;
  }
}

declare module "configurable-http-proxy/lib/log.js" {
  export function defaultLogger(options: { level: string }): object;
}
