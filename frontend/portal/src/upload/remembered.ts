import type { PreviousUpload, UrlStorage } from "tus-js-client";

const PREFIX = "lyceum-upload:";
const DAY = 24 * 3600 * 1000;

interface Entry {
  url: string;
  size: number | null;
  time: number;
}

/**
 * Where an upload goes on, kept in this browser by the file's fingerprint (draft,
 * path, size, time of change). tus-js-client's own storage would be full with some
 * thousand files and then fail the upload; here a full storage forgets instead.
 */
export class RememberedUploads implements UrlStorage {
  /** Forgets what is older than `days`, for then the server has dropped it too. */
  constructor(days: number) {
    const oldest = Date.now() - days * DAY;
    for (const key of keys()) if ((read(key)?.time ?? 0) < oldest) localStorage.removeItem(key);
  }

  findAllUploads(): Promise<PreviousUpload[]> {
    return Promise.resolve(keys().flatMap(found));
  }

  findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]> {
    return Promise.resolve(found(PREFIX + fingerprint));
  }

  removeUpload(key: string): Promise<void> {
    localStorage.removeItem(key);
    return Promise.resolve();
  }

  addUpload(fingerprint: string, upload: PreviousUpload): Promise<string> {
    const key = PREFIX + fingerprint;
    const entry: Entry = { url: upload.uploadUrl ?? "", size: upload.size, time: Date.now() };
    try {
      localStorage.setItem(key, JSON.stringify(entry));
    } catch {
      // Full or switched off: the upload goes on, only a reload would begin it anew.
    }
    return Promise.resolve(key);
  }
}

function keys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

function read(key: string): Entry | undefined {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "null") as Entry | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function found(key: string): PreviousUpload[] {
  const entry = read(key);
  if (!entry?.url) return [];
  return [
    {
      uploadUrl: entry.url,
      size: entry.size,
      metadata: {},
      creationTime: new Date(entry.time).toISOString(),
      urlStorageKey: key,
      parallelUploadUrls: null,
    },
  ];
}
