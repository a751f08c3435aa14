/**
 * The front door: configurable-http-proxy with three things that its command line
 * cannot say. `/uploads/` leads to the tus server and `/serving/` to the prediction
 * gateway from the first moment, whatever has happened to the proxy before; no request
 * is cut because it takes long; and no address, however odd, is an error of ours.
 */
import { once } from "node:events";
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { ConfigurableProxy, type Match, type ProxyError, type ProxyOptions } from "configurable-http-proxy";
import { defaultLogger } from "configurable-http-proxy/lib/log.js";
import { refuse } from "./errors.js";
import { Gateway } from "./gateway.js";
import { DOOR, pathOf } from "./paths.js";

const SERVING = "/serving/";
/**
 * How long a connection to a part is kept without a request. Uvicorn closes one after five
 * seconds, and a request that is sent on it just then fails for the person who asked.
 */
const IDLE_MS = 4_000;

class FrontDoor extends ConfigurableProxy {
  constructor(
    options: ProxyOptions,
    /** What of the portal's paths is another part's: a prefix and where it leads. */
    readonly parts: readonly Match[],
    readonly gateway: Gateway,
  ) {
    super(options);
    // Node's own limit is five minutes for a whole request: less than a large upload needs.
    this.proxyServer.requestTimeout = 0;
    this.httpAgent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  }

  /** Calls of prediction services go the short way where they can, on every host name. */
  override async handleProxyWeb(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (this.gateway.takes(request)) this.gateway.handle(request, response);
    else await super.handleProxyWeb(request, response);
  }

  /** Who calls a service reads JSON, and no page. */
  override handleProxyError(...about: ProxyError): void {
    const [code, kind, request, response] = about;
    if (code === 503 && kind === "web" && request.url?.startsWith(SERVING)) {
      refuse(request, response, code);
    } else super.handleProxyError(...about);
  }

  /** As the routes have it; what they leave to the portal may be another part's. */
  override async targetForReq(request: IncomingMessage): Promise<Match | undefined> {
    const path = pathOf(request.url ?? "/");
    const { headers } = request;
    // With a host before it, `//name/` is a path and not the name of another host.
    const match = await super.targetForReq({ headers, url: `${DOOR}${path}` });
    if (match?.prefix !== "/") return match;
    return this.parts.find(({ prefix }) => isUnder(prefix, path, request.url)) ?? match;
  }
}

/** As written too: a part gets the address as it came, so it must not lead out of there. */
function isUnder(prefix: string, path: string, asWritten = ""): boolean {
  return path.startsWith(prefix) && asWritten.startsWith(prefix);
}

const { values } = parseArgs({
  options: {
    ip: { type: "string" },
    port: { type: "string" },
    "api-port": { type: "string" },
    portal: { type: "string" },
    uploads: { type: "string" },
    gateway: { type: "string" },
    "gateway-folder": { type: "string" },
    "error-path": { type: "string" },
  },
});

function given(name: keyof typeof values): string {
  const value = values[name];
  if (!value) throw new Error(`--${name} is needed`);
  return value;
}

const authToken = process.env["CONFIGPROXY_AUTH_TOKEN"];
if (!authToken) throw new Error("CONFIGPROXY_AUTH_TOKEN is not set");

const door = new FrontDoor(
  {
    log: defaultLogger({ level: "warn" }),
    authToken,
    hostRouting: true,
    defaultTarget: given("portal"),
    errorPath: given("error-path"),
    includePrefix: true,
    xfwd: true,
    prependPath: true,
  },
  [
    { prefix: "/uploads/", target: given("uploads") },
    { prefix: SERVING, target: given("gateway") },
  ],
  new Gateway(given("gateway-folder")),
);
door.apiServer.listen(Number(given("api-port")), "127.0.0.1");
door.proxyServer.listen(Number(given("port")), given("ip"));
await Promise.all([once(door.apiServer, "listening"), once(door.proxyServer, "listening")]);
// As configurable-http-proxy's own command does: a client that goes away at a bad
// moment must not end everybody's connections.
process.on("uncaughtException", (error) => console.error(new Date().toISOString(), error));
