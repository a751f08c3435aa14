import { LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, AriaComponent, GridComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

/** What a task used at a moment: seconds since the epoch, cores, bytes, GPUs. */
interface Sample {
  t: number;
  cpu: number;
  memory: number;
  gpu: number | null;
}

type Kind = "cpu" | "memory" | "gpu";

const MEGABYTE = 1024 * 1024;
const ASK_MS = 2000;
/** Points that are drawn; of more, every second one goes. */
const MOST = 1200;

/** Draw what a task uses, as it goes on; `data-usage` is where the portal tells it. */
export function start(section: HTMLElement): void {
  let samples: Sample[] = [];
  let last = 0;
  const charts = [...section.querySelectorAll<HTMLElement>("[data-chart]")].map((element) => new Chart(element));
  const none = section.querySelector<HTMLElement>("[data-usage-none]")!;
  const place = section.querySelector<HTMLElement>("[data-usage-charts]")!;

  async function ask(): Promise<boolean> {
    const answer = await fetch(`${section.dataset["usage"]}?since=${Math.floor(last)}`);
    if (!answer.ok) return true;
    const told = (await answer.json()) as { samples: Sample[]; active: boolean };
    const fresh = told.samples.filter(({ t }) => t > last);
    last = fresh[fresh.length - 1]?.t ?? last;
    samples.push(...fresh);
    if (samples.length > MOST) samples = samples.filter((_, at) => at % 2 === samples.length % 2);
    if (samples.length) {
      none.hidden = true;
      place.hidden = false;
    }
    if (fresh.length) charts.forEach((chart) => chart.draw(samples, told.active));
    return told.active;
  }

  async function goOn(): Promise<void> {
    let active = true;
    if (!document.hidden || !last) active = await ask().catch(() => true);
    if (active) window.setTimeout(() => void goOn(), ASK_MS);
  }

  void goOn();
  new MutationObserver(() => charts.forEach((chart) => chart.draw(samples, false))).observe(document.documentElement, {
    attributeFilter: ["data-bs-theme"],
  });
}

class Chart {
  readonly #kind: Kind;
  readonly #most: number;
  readonly #now: HTMLElement | null;
  #chart: ECharts | null = null;

  constructor(private readonly element: HTMLElement) {
    this.#kind = element.dataset["chart"] as Kind;
    this.#most = Number(element.dataset["most"]);
    this.#now = document.querySelector<HTMLElement>(`[data-now=${this.#kind}]`);
  }

  draw(samples: Sample[], active: boolean): void {
    if (!samples.length) return;
    if (!this.#chart) {
      this.#chart = init(this.element, null, { renderer: "svg" });
      new ResizeObserver(() => this.#chart?.resize()).observe(this.element);
    }
    const newest = samples[samples.length - 1]!;
    if (this.#now) this.#now.textContent = active ? `${this.#said(this.#value(newest) ?? 0)} / ${this.#said(this.#most)}` : "";
    this.#chart.setOption(this.#options(samples), { notMerge: true });
  }

  #value(sample: Sample): number | null {
    return this.#kind === "memory" ? sample.memory / MEGABYTE : sample[this.#kind];
  }

  #said(value: number): string {
    const number = value >= 100 ? Math.round(value) : Number(value.toPrecision(2));
    return this.#kind === "memory" ? `${number} MB` : String(number);
  }

  #options(samples: Sample[]): EChartsCoreOption {
    const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const line = colour("--tblr-border-color");
    const label = { color: colour("--tblr-secondary"), fontSize: 11 };
    const peak = Math.max(...samples.map((sample) => this.#value(sample) ?? 0));
    return {
      animation: false,
      // The page says it in its own language, beside the picture.
      aria: { enabled: false },
      color: [colour(this.#kind === "memory" ? "--tblr-purple" : "--tblr-link-color")],
      grid: { left: 4, right: 16, top: 14, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        backgroundColor: colour("--tblr-bg-surface") || "#fff",
        borderColor: line,
        textStyle: { color: colour("--tblr-body-color"), fontSize: 12 },
        valueFormatter: (value: unknown) => (typeof value === "number" ? this.#said(value) : "–"),
      },
      xAxis: { type: "time", axisLabel: { ...label, hideOverlap: true }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
      yAxis: { type: "value", min: 0, splitNumber: 3, axisLabel: label, splitLine: { lineStyle: { color: line, opacity: 0.6 } } },
      series: [
        {
          type: "line",
          showSymbol: samples.length < 3,
          symbolSize: 4,
          lineStyle: { width: 1.75 },
          areaStyle: { opacity: 0.12 },
          data: samples.map((sample) => [sample.t * 1000, this.#value(sample)]),
          // What it may use is drawn once it comes near; before, it would press the curve flat.
          markLine: peak > this.#most * 0.6 ? { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colour("--tblr-danger") }, data: [{ yAxis: this.#most }] } : undefined,
        },
      ],
    };
  }
}
