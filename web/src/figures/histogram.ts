// Records per bin of time, stacked by kind; zoom by wheel or slider, and the range is told to the page.
import { count, duration, moment, short } from "../format";
import { tip } from "./dom";
import type { Chart } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { HistogramSpec } from "./specs";
import { axis, slider } from "./timeline";
import type { Palette } from "./theme";

const DENSE = 1500; // more bins than this are drawn as areas
const SETTLE_MS = 250;

const per = (seconds: number) => (seconds === 60 ? "minute" : seconds === 3600 ? "hour" : seconds === 86400 ? "day" : duration(seconds));

export function histogram(spec: HistogramSpec, palette: Palette, size: { height: number }): Drawing {
  const bin = spec.bin_s ?? 60;
  const starts = binsOf(spec, bin);
  const dense = starts.length > DENSE;
  const total = spec.series.reduce((sum, one) => sum + one.values.reduce((part, value) => part + value[1], 0), 0);
  const half = (bin * 1000) / 2;
  return {
    option: {
      legend: { show: spec.series.length > 1, top: 0, left: 0, textStyle: { color: palette.muted, fontSize: 11 }, itemWidth: 10, itemHeight: 10, icon: "roundRect" },
      grid: { left: 52, right: 18, top: spec.series.length > 1 ? 34 : 16, bottom: 62 },
      xAxis: axis(palette),
      yAxis: {
        type: "value",
        minInterval: 1,
        name: `records per ${per(bin)}`,
        nameTextStyle: { color: palette.muted, fontSize: 11, align: "left" },
        nameGap: 6,
        axisLabel: { color: palette.muted, fontSize: 11, formatter: (value: number) => short(value) },
        splitLine: { lineStyle: { color: palette.grid } },
      },
      dataZoom: [
        { type: "inside", filterMode: "filter" },
        { type: "slider", height: 22, bottom: 10, ...slider(palette) },
      ],
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: palette.accent, opacity: 0.6 } },
        formatter: (points: { seriesName: string; value: [number, number] }[]) =>
          tip(moment((points[0]?.value[0] ?? 0) - half, bin < 60 ? "full" : "minute"), points.filter((p) => p.value[1]).map((p) => [p.seriesName, count(p.value[1])])),
      },
      series: spec.series.map((one, i) => ({
        name: one.name,
        type: dense ? "line" : "bar",
        stack: "records",
        // the bar stands in the middle of its bin
        data: filled(one.values, starts, half),
        ...(dense
          ? { step: "middle", symbol: "none", areaStyle: { opacity: 0.55 }, lineStyle: { width: 1 }, sampling: "max" }
          : { barMinWidth: 1, barMaxWidth: 14, barCategoryGap: "12%", large: starts.length > 600 }),
        itemStyle: { color: palette.series[i % palette.series.length] },
        emphasis: { disabled: true },
      })),
    },
    label: `${count(total)} records, per ${per(bin)}: ${spec.series.map((one) => one.name).join(", ")}`,
    height: size.height || 280,
    table: {
      columns: ["Start (UTC)", ...spec.series.map((one) => one.name)],
      rows: rows(spec),
    },
    attach: wire,
  };
}

const MOST_BINS = 20_000;

/** Starts of all bins from first to last, the empty ones too: stacks and areas need them. */
function binsOf(spec: HistogramSpec, bin: number): number[] {
  const told = [...new Set(spec.series.flatMap((one) => one.values.map(([start]) => start)))].sort((a, b) => a - b);
  const [first = 0, last = 0] = [told[0], told.at(-1)];
  const all = (last - first) / (bin * 1000) + 1;
  if (!told.length || all > MOST_BINS || !Number.isInteger(all)) return told;
  return Array.from({ length: all }, (_, i) => first + i * bin * 1000);
}

function filled(values: [number, number][], starts: number[], half: number): [number, number][] {
  const found = new Map(values);
  return starts.map((start) => [start + half, found.get(start) ?? 0]);
}

function rows(spec: HistogramSpec): (string | number)[][] {
  const starts = [...new Set(spec.series.flatMap((one) => one.values.map(([start]) => start)))].sort((a, b) => a - b);
  const found = spec.series.map((one) => new Map(one.values));
  return starts.map((start) => [moment(start), ...found.map((values) => count(values.get(start) ?? 0))]);
}

function wire(chart: Chart, figure: Figure): () => void {
  let timer = 0;
  chart.on("datazoom", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const zoom = (chart.getOption().dataZoom as { startValue: number; endValue: number; start: number; end: number }[])[0];
      if (zoom) figure.emit("range", zoom.start === 0 && zoom.end === 100 ? null : [Math.round(zoom.startValue), Math.round(zoom.endValue)]);
    }, SETTLE_MS);
  });
  figure.addTool("Show the whole range again", "Reset", () => chart.dispatchAction({ type: "dataZoom", start: 0, end: 100 }));
  return () => clearTimeout(timer);
}
