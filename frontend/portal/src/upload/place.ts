/** What the page tells the uploader: the draft, addresses, limits and every sentence. */
export class Place {
  readonly draft: string;
  readonly endpoint: string;
  readonly takeOutUrl: string;
  /** The most bytes that one file may have. */
  readonly fileMost: number;
  /** How many days the server keeps an unfinished upload. */
  readonly days: number;

  constructor(readonly element: HTMLElement) {
    const data = element.dataset;
    this.draft = data["draft"] ?? "";
    this.endpoint = data["endpoint"] ?? "";
    this.takeOutUrl = data["takeOut"] ?? "";
    this.fileMost = Number(data["fileMost"]);
    this.days = Number(data["days"]);
  }

  /** The sentence `data-text-<name>`, its `{placeholders}` filled in. */
  say(name: string, values: Record<string, string | number> = {}): string {
    const key = `text-${name}`.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const sentence = this.element.dataset[key] ?? "";
    return sentence.replace(/\{(\w+)\}/g, (whole, word: string) => String(values[word] ?? whole));
  }

  /** Bytes that the learner may still bring, as the server last said. */
  get left(): number {
    return Number(document.querySelector<HTMLElement>("#draft-quota")?.dataset["left"] ?? 0);
  }
}

const sizesOf = new WeakMap<Element, Map<string, number>>();

/** What the server has of a draft, as far as the page lists it: path → size in bytes. */
export function listedSizes(): Map<string, number> {
  const list = document.querySelector("#draft-files");
  if (!list) return new Map();
  const known = sizesOf.get(list);
  if (known) return known;
  const lines = [...list.querySelectorAll<HTMLElement>(".draft-unfinished, .draft-finished")];
  const sizes = new Map(lines.map((line) => [line.dataset["path"] ?? "", Number(line.dataset["size"])]));
  sizesOf.set(list, sizes);
  return sizes;
}
