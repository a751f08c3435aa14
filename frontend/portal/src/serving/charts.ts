import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** One minute: seconds since the epoch, how many calls and errors, times in milliseconds. */
interface Point {
  minute: number;
  calls: number;
  errors: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

type Chart = "calls" | "times" | "errors";

const charts = new Map<HTMLElement, ECharts>();
let latest: Point[] = [];

/**
 * Draw what `data-points` holds into every `[data-chart]` of the page; their legends are
 * `data-text-…` attributes. Drawn again when the numbers, the colours or the width change.
 */
export function draw(numbers: HTMLElement): void {
  latest = JSON.parse(numbers.dataset["points"] ?? "[]") as Point[];
  document.querySelectorAll<HTMLElement>("[data-chart]").forEach((element) => {
    if (!charts.has(element)) start(element);
  });
  drawAll();
}

function start(element: HTMLElement): void {
  const chart = init(element, null, { renderer: "svg" });
  charts.set(element, chart);
  new ResizeObserver(() => chart.resize()).observe(element);
}

new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

function drawAll(): void {
  for (const [element, chart] of charts) {
    if (element.isConnected) chart.setOption(options(element), { notMerge: true });
    else {
      chart.dispose();
      charts.delete(element);
    }
  }
}

function options(element: HTMLElement): EChartsCoreOption {
  const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const said = (name: string): string => element.dataset[name] ?? "";
  const quiet = colour("--tblr-secondary");
  const line = colour("--tblr-border-color");
  const label = { color: quiet, fontSize: 11 };
  const unit = said("unit");
  return {
    animation: false,
    // The page says it in its own language, beside the picture.
    aria: { enabled: false },
    color: palette(element.dataset["chart"] as Chart, colour),
    grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
    legend: { top: 0, right: 0, itemWidth: 14, itemHeight: 8, textStyle: label },
    tooltip: {
      trigger: "axis",
      backgroundColor: colour("--tblr-bg-surface") || "#fff",
      borderColor: line,
      textStyle: { color: colour("--tblr-body-color"), fontSize: 12 },
      valueFormatter: (value: unknown) => (typeof value === "number" ? `${Number(value.toPrecision(4))}${unit}` : "–"),
    },
    xAxis: {
      type: "time",
      axisLabel: { ...label, hideOverlap: true },
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      min: 0,
      minInterval: element.dataset["chart"] === "calls" ? 1 : undefined,
      axisLabel: { ...label, formatter: `{value}${unit}` },
      splitLine: { lineStyle: { color: line, opacity: 0.6 } },
    },
    series: series(element.dataset["chart"] as Chart, said),
  };
}

function palette(chart: Chart, colour: (name: string) => string): string[] {
  const bad = colour("--tblr-danger");
  if (chart === "calls") return [colour("--tblr-link-color"), bad];
  if (chart === "errors") return [bad];
  return [colour("--tblr-link-color"), colour("--tblr-orange"), colour("--tblr-purple")];
}

type Value = (point: Point) => number | null;

function series(chart: Chart, said: (name: string) => string): object[] {
  const data = (value: Value): [number, number | null][] => latest.map((point) => [point.minute * 1000, value(point)]);
  const bar = (name: string, value: Value): object => ({ type: "bar", stack: "calls", barMaxWidth: 14, name: said(name), data: data(value) });
  const curve = (name: string, value: Value, area = false): object => ({
    type: "line",
    name: said(name),
    showSymbol: latest.length < 90,
    symbolSize: 4,
    lineStyle: { width: 1.75 },
    areaStyle: area ? { opacity: 0.15 } : undefined,
    data: data(value),
  });
  if (chart === "calls") return [bar("textGood", (point) => point.calls - point.errors), bar("textBad", (point) => point.errors)];
  if (chart === "errors")
    return [curve("textRate", ({ calls, errors }) => (calls ? (100 * errors) / calls : null), true)];
  return [
    curve("textP50", (point) => point.p50),
    curve("textP95", (point) => point.p95),
    curve("textP99", (point) => point.p99),
  ];
}
