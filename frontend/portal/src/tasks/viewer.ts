import { Pane, type Words } from "./pane";
import { Reading, type About, type LogNode, type Piece } from "./reading";
import { Search } from "./search";

const SIDE = "side";

/** The log of a task: as many panes as are wanted, fed by one stream of what is written. */
export class Viewer {
  readonly #reading: Reading;
  readonly #status: HTMLElement;
  readonly #place: HTMLElement;
  readonly #view: HTMLSelectElement;
  readonly #attempts: HTMLSelectElement;
  readonly #search: Search;
  #about: About | null = null;
  #panes: Pane[] = [];
  #stream: EventSource | null = null;
  #turn = 0;

  constructor(private readonly element: HTMLElement) {
    const said = (name: string): string => element.dataset[name] ?? "";
    const part = <E extends HTMLElement>(mark: string): E => element.querySelector<E>(`[data-log-${mark}]`)!;
    this.#reading = new Reading({ about: said("about"), piece: said("piece"), search: said("search"), stream: said("stream") });
    this.#status = part("status");
    this.#place = part("panes");
    this.#view = part<HTMLSelectElement>("view");
    this.#attempts = part<HTMLSelectElement>("attempt");
    this.#search = new Search(part("search"), this.#reading, said);
    this.#view.addEventListener("change", () => {
      localStorage.setItem("lyceum-log-view", this.#view.value === SIDE ? SIDE : "");
      void this.#show();
    });
    this.#attempts.addEventListener("change", () => void this.open(Number(this.#attempts.value)));
    part<HTMLInputElement>("wrap").addEventListener("change", (event) => {
      this.#place.classList.toggle("tasks-panes-long", !(event.target as HTMLInputElement).checked);
    });
  }

  /** Show the log of an attempt, the newest one unless said; there is none before the first. */
  async open(attempt?: number): Promise<void> {
    const turn = ++this.#turn;
    this.#close();
    const about = await this.#ask(attempt);
    if (turn !== this.#turn) return;
    if (!about?.nodes.length) {
      this.#say(about?.attempts ? "textEmpty" : "textWaiting");
      if (about?.active && about.attempts) window.setTimeout(() => turn === this.#turn && void this.open(attempt), 1000);
      return;
    }
    this.#about = about;
    this.element.classList.remove("tasks-log-idle");
    this.#offer(about);
    await this.#show();
    if (turn === this.#turn) this.#listen(about);
  }

  /** The newest attempt that is known here; 0 before the first. */
  get attempts(): number {
    return this.#about?.attempts ?? 0;
  }

  async #ask(attempt?: number): Promise<About | null> {
    try {
      return await this.#reading.about(attempt);
    } catch {
      this.#say("textFailed");
      return null;
    }
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#search.clear();
  }

  #said(name: string): string {
    return this.element.dataset[name] ?? "";
  }

  #say(name: string): void {
    const note = document.createElement("p");
    note.className = "tasks-log-none";
    note.textContent = this.#said(name);
    this.#place.replaceChildren(note);
    this.element.classList.add("tasks-log-idle");
  }

  /** What can be shown: a member, all of them together or beside each other; of many starts one. */
  #offer({ attempt, attempts, nodes }: About): void {
    const kept = this.#view.value || localStorage.getItem("lyceum-log-view") || "";
    const all = nodes.map(({ node, name }) => [`${node}:`, nodes.length > 1 ? `${this.#said("textAll")} · ${name}` : this.#said("textAll")] as const);
    const members = nodes.flatMap(({ node, members }) => members.map((member) => [`${node}:${member}`, this.#name(member)] as const));
    const side = members.length > 1 ? [[SIDE, this.#said("textSide")] as const] : [];
    fill(this.#view, [...all, ...side, ...members]);
    if ([...this.#view.options].some(({ value }) => value === kept)) this.#view.value = kept;
    const starts = Array.from({ length: attempts }, (_, at) => [String(at + 1), `${this.#said("textAttempt")} ${at + 1}`] as const);
    fill(this.#attempts, starts);
    this.#attempts.value = String(attempt);
    this.#attempts.hidden = attempts < 2;
  }

  #name(member: string): string {
    const [role, index] = member.split("-");
    return `${this.#said(role === "pserver" ? "textPserver" : "textTrainer")} ${index}`;
  }

  async #show(): Promise<void> {
    const about = this.#about;
    if (!about) return;
    const wanted = this.#view.value === SIDE ? about.nodes.flatMap((node) => node.members.map((member) => ({ node, member }))) : [this.#chosen(about)];
    this.#panes = wanted.map(({ node, member }) => this.#pane(about, node, member));
    this.#place.replaceChildren(...this.#panes.map(({ element }) => element));
    this.#place.classList.toggle("tasks-panes-side", this.#panes.length > 1);
    this.#search.over(about.attempt, about.nodes, this.#panes);
    await Promise.all(this.#panes.map((pane) => pane.toEnd())).catch(() => this.#say("textFailed"));
  }

  #chosen({ nodes }: About): { node: LogNode; member: string } {
    const [number, member = ""] = this.#view.value.split(":");
    return { node: nodes.find(({ node }) => String(node) === number) ?? nodes[0]!, member };
  }

  #pane(about: About, node: LogNode, member: string): Pane {
    const said = (name: string): string => this.#said(`text${name}`);
    const words: Words = {
      loading: `${said("Loading")}…`,
      top: said("Top"),
      silent: said("Silent"),
      empty: said("Empty"),
      skipped: said("Skipped"),
      more: said("More"),
    };
    const name = member ? this.#name(member) : this.#said("textAll");
    return new Pane(this.#reading, about.attempt, node, member, name, words, () => void this.open(about.attempt));
  }

  #listen(about: About): void {
    const stream = this.#reading.stream(about.attempt, about.nodes);
    this.#stream = stream;
    const status = (name: string, look: string): void => {
      this.#status.textContent = this.#said(name);
      this.#status.className = `badge ${look}`;
    };
    const on = (name: string, handle: (told: string) => void): void => {
      stream.addEventListener(name, (event) => handle((event as MessageEvent<string>).data));
    };
    stream.addEventListener("open", () => status("textLive", "bg-green-lt"));
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CONNECTING) status("textAway", "bg-orange-lt");
      else status("textEnded", "bg-secondary-lt");
    });
    on("lines", (data) => this.#lines(JSON.parse(data) as Piece & { node: number }));
    on("reset", (data) => this.#reset(JSON.parse(data) as Piece & { node: number }));
    on("end", () => {
      stream.close();
      status("textEnded", "bg-secondary-lt");
    });
    on("attempt", () => {
      stream.close();
      void this.open();
    });
  }

  #lines(told: Piece & { node: number }): void {
    const node = this.#about?.nodes.find((each) => each.node === told.node);
    if (!node) return;
    node.end = told.end;
    for (const pane of this.#panes) if (pane.node === node) pane.add(told.start, told.end, told.text);
  }

  #reset(told: { node: number; epoch: string; size: number }): void {
    const node = this.#about?.nodes.find((each) => each.node === told.node);
    if (!node) return void this.open(this.#about?.attempt);
    const renewed = node.epoch !== told.epoch;
    if (renewed) this.#search.forget();
    Object.assign(node, { epoch: told.epoch, end: told.size });
    for (const pane of this.#panes) if (pane.node === node) void pane.reset(renewed);
  }
}

function fill(select: HTMLSelectElement, choices: (readonly [value: string, label: string])[]): void {
  select.replaceChildren(...choices.map(([value, label]) => new Option(label, value)));
}
