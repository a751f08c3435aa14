/** Lines between bytes `start` and `end` of a log that has `size` bytes. */
export interface Piece {
  epoch: string;
  size: number;
  start: number;
  end: number;
  text: string;
  gone?: boolean;
}

/** A node's log: the epoch that its offsets count in, and the byte up to which it was told. */
export interface LogNode {
  node: number;
  name: string;
  epoch: string;
  end: number;
  members: string[];
}

export interface About {
  attempt: number;
  attempts: number;
  nodes: LogNode[];
  active: boolean;
}

export interface Hits {
  epoch: string;
  hits: [offset: number, member: string][];
  end: number | null;
}

type Query = Record<string, string | number>;

/** The portal's answers about one task's log. */
export class Reading {
  constructor(
    private readonly addresses: { about: string; piece: string; search: string; stream: string },
  ) {}

  about(attempt?: number): Promise<About> {
    return this.#ask<About>(this.addresses.about, attempt ? { attempt } : {});
  }

  piece(query: Query): Promise<Piece> {
    return this.#ask<Piece>(this.addresses.piece, query);
  }

  search(query: Query, signal: AbortSignal): Promise<Hits> {
    return this.#ask<Hits>(this.addresses.search, query, signal);
  }

  /** What is written to the logs of an attempt after what was told of them. */
  stream(attempt: number, nodes: LogNode[]): EventSource {
    const from = nodes.map(({ node, epoch, end }) => `${node}:${epoch}:${end}`).join(",");
    return new EventSource(`${this.addresses.stream}?from=${encodeURIComponent(`${attempt}/${from}`)}`);
  }

  async #ask<T>(address: string, query: Query, signal?: AbortSignal): Promise<T> {
    const words = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const answer = await fetch(`${address}?${words}`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return (await answer.json()) as T;
  }
}

/** A size for people: `12.3 MB`. */
export function size(bytes: number): string {
  const unit = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
  const value = bytes / 1000 ** unit;
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB"][unit]}`;
}
