/** What this server is told, all through environment variables; see `lyceum/cli/parts.py`. */
export interface Settings {
  /** Port on 127.0.0.1. */
  port: number;
  /** Folder of uploads; made when it is not there. */
  folder: string;
  /** The portal's own address on loopback, without a trailing slash. */
  portal: string;
  /** Proves to the portal that a part of the platform asks. */
  token: string;
}

/** Throws an `Error` that names the variable when one is missing or wrong. */
export function settings(environment: NodeJS.ProcessEnv): Settings {
  const needed = (name: string): string => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const port = Number(needed("LYCEUM_UPLOADS_PORT"));
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error("LYCEUM_UPLOADS_PORT is no port");
  }
  return {
    port,
    folder: needed("LYCEUM_UPLOADS_FOLDER"),
    portal: needed("LYCEUM_UPLOADS_PORTAL").replace(/\/+$/, ""),
    token: needed("LYCEUM_UPLOADS_TOKEN"),
  };
}
