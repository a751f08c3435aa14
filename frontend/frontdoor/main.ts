/**
 * The front door: configurable-http-proxy with two things that its command line
 * cannot say. `/uploads/` leads to the tus server from the first moment, whatever
 * has happened to the proxy before, and no request is cut because it takes long.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { parseArgs } from "node:util";
import { ConfigurableProxy, type Match, type ProxyOptions } from "configurable-http-proxy";
import { defaultLogger } from "configurable-http-proxy/lib/log.js";

const UPLOADS = "/uploads/";

class FrontDoor extends ConfigurableProxy {
  constructor(
    options: ProxyOptions,
    readonly uploads: string,
  ) {
    super(options);
    // Node's own limit is five minutes for a whole request: less than a large upload needs.
    this.proxyServer.requestTimeout = 0;
  }

  /** As the routes have it; what they leave to the portal may be an upload. */
  override async targetForReq(request: IncomingMessage): Promise<Match | undefined> {
    const match = await super.targetForReq(request);
    if (match?.prefix !== "/" || !isUpload(request)) return match;
    return { prefix: UPLOADS, target: this.uploads };
  }
}

function isUpload(request: IncomingMessage): boolean {
  return new URL(request.url ?? "", "http://door").pathname.startsWith(UPLOADS);
}

const { values } = parseArgs({
  options: {
    ip: { type: "string" },
    port: { type: "string" },
    "api-port": { type: "string" },
    portal: { type: "string" },
    uploads: { type: "string" },
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
  given("uploads"),
);
door.apiServer.listen(Number(given("api-port")), "127.0.0.1");
door.proxyServer.listen(Number(given("port")), given("ip"));
await Promise.all([once(door.apiServer, "listening"), once(door.proxyServer, "listening")]);
// As configurable-http-proxy's own command does: a client that goes away at a bad
// moment must not end everybody's connections.
process.on("uncaughtException", (error) => console.error(new Date().toISOString(), error));
