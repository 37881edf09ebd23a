// How much per bin of time, stacked by kind, with the band it was expected in; zoom by wheel or slider, and the range is
// told to the page.
import { duration, moment, short } from "../format";
import { tip } from "./dom";
import type { Chart, Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { isVolume, sum, told, wordOf } from "./measures";
import type { HistogramSpec } from "./specs";
import { legendLook, nameColour, type Palette } from "./theme";
import { axis, slider } from "./timeline";

const DENSE = 1500; // more bins than this are drawn as areas
const SETTLE_MS = 250;
const MOST_BINS = 20_000;
const EXPECTED = "expected";
const ANOMALIES = "anomalies";

type Anomaly = NonNullable<HistogramSpec["anomalies"]>[number];
interface Point {
  seriesName: string;
  seriesType: string;
  value: [number, number];
}

const per = (seconds: number) => (seconds === 60 ? "minute" : seconds === 3600 ? "hour" : seconds === 86400 ? "day" : duration(seconds));

export function histogram(spec: HistogramSpec, palette: Palette, size: { height: number }): Drawing {
  const bin = spec.bin_s ?? 60;
  const measure = spec.measure || "records";
  const starts = binsOf(spec, bin);
  const band = spec.band ?? [];
  const legend = spec.series.length > 1 || band.length > 0;
  const half = (bin * 1000) / 2;
  const say = (value: number | null | undefined) => told(measure, value);
  const totals = spec.series.map((one) => `${one.name} ${say(sum(one.values.map((value) => value[1])))}`);
  return {
    option: {
      legend: { show: legend, ...legendLook(palette), top: 4, left: 0, right: 110, itemWidth: 10, itemHeight: 10, icon: "roundRect", data: legendOf(spec) },
      grid: { left: isVolume(measure) ? 66 : 52, right: 18, top: legend ? 52 : 28, bottom: 70 },
      xAxis: axis(palette),
      yAxis: {
        type: "value",
        ...(isVolume(measure) ? {} : { minInterval: 1 }),
        name: `${wordOf(measure)} per ${per(bin)}`,
        nameTextStyle: { color: palette.muted, fontSize: 11, align: "left" },
        nameGap: 8,
        axisLabel: { color: palette.muted, fontSize: 11, formatter: (value: number) => (isVolume(measure) ? say(value) : short(value)) },
        splitLine: { lineStyle: { color: palette.grid } },
      },
      dataZoom: [
        { type: "inside", filterMode: "filter" },
        { type: "slider", height: 26, bottom: 10, ...slider(palette) },
      ],
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: palette.accent, opacity: 0.6 } },
        formatter: (points: Point[]) => tooltip(spec, points, half, say),
      },
      series: [...bars(spec, palette, starts, half), ...expected(spec, palette, half)],
    },
    label: `${wordOf(measure)} per ${per(bin)}: ${totals.join(", ")}${spec.anomalies?.length ? `; ${spec.anomalies.length} anomalies` : ""}`,
    height: size.height || 300,
    table: tableOf(spec, say),
    attach: wire,
  };
}

const legendOf = (spec: HistogramSpec) => [...spec.series.map((one) => one.name), ...(spec.band?.length ? [EXPECTED] : []), ...(spec.anomalies?.length ? [ANOMALIES] : [])];

function bars(spec: HistogramSpec, palette: Palette, starts: number[], half: number): Option[] {
  const dense = starts.length > DENSE;
  return spec.series.map((one, i) => ({
    name: one.name,
    type: dense ? "line" : "bar",
    stack: "records",
    // the bar stands in the middle of its bin
    data: filled(one.values, starts, half),
    ...(dense
      ? { step: "middle", symbol: "none", areaStyle: { opacity: 0.55 }, lineStyle: { width: 1 }, sampling: "max" }
      : { barMinWidth: 1, barMaxWidth: 14, barCategoryGap: "12%", large: starts.length > 600 }),
    itemStyle: { color: nameColour(palette, one.name, i) },
    emphasis: { disabled: true },
  }));
}

/** What was expected as a band and a dashed line; anomalies as triangles that point the way they went. */
function expected(spec: HistogramSpec, palette: Palette, half: number): Option[] {
  if (!spec.band?.length && !spec.anomalies?.length) return [];
  const area = (name: string, data: number[][], opacity: number) => ({ name, type: "line", stack: "band", symbol: "none", silent: true, data, lineStyle: { opacity: 0 }, areaStyle: { color: palette.muted, opacity }, itemStyle: { color: palette.muted }, z: 3, emphasis: { disabled: true } });
  const band = spec.band ?? [];
  return [
    area(EXPECTED, band.map(([start, , low]) => [start + half, Math.max(0, low)]), 0),
    area(EXPECTED, band.map(([start, , low, high]) => [start + half, high - Math.max(0, low)]), 0.24),
    { name: EXPECTED, type: "line", symbol: "none", silent: true, z: 4, data: band.map(([start, usual]) => [start + half, usual]), lineStyle: { color: palette.text, width: 1.2, type: [4, 3] }, itemStyle: { color: palette.muted }, emphasis: { disabled: true } },
    {
      name: ANOMALIES,
      type: "scatter",
      z: 5,
      data: (spec.anomalies ?? []).map(([start, value, side]) => ({ value: [start + half, value], symbolRotate: side === "below" ? 180 : 0, symbolOffset: [0, side === "below" ? 9 : -9] })),
      symbol: "triangle",
      symbolSize: 11,
      itemStyle: { color: palette.threat, borderColor: palette.surface, borderWidth: 1 },
    },
  ];
}

function tooltip(spec: HistogramSpec, points: Point[], half: number, say: (value: number | null | undefined) => string): HTMLElement {
  const start = (points[0]?.value[0] ?? 0) - half;
  const names = new Set(spec.series.map((one) => one.name));
  const pairs = points.filter((p) => names.has(p.seriesName) && p.seriesType !== "scatter" && p.value[1]).map((p): [string, string] => [p.seriesName, say(p.value[1])]);
  const band = spec.band?.find((one) => one[0] === start);
  if (band) pairs.push(["expected", say(Math.round(band[1]))], ["usual range", `${say(Math.round(Math.max(0, band[2])))} – ${say(Math.round(band[3]))}`]);
  const odd = spec.anomalies?.find((one) => one[0] === start);
  return tip(moment(start, (spec.bin_s ?? 60) < 60 ? "full" : "minute"), pairs, odd ? `anomaly: ${odd[2]} the usual range` : undefined);
}

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

function tableOf(spec: HistogramSpec, say: (value: number | null | undefined) => string): Drawing["table"] {
  const starts = [...new Set(spec.series.flatMap((one) => one.values.map(([start]) => start)))].sort((a, b) => a - b);
  const found = spec.series.map((one) => new Map(one.values));
  const band = new Map((spec.band ?? []).map((one) => [one[0], one]));
  const odd = new Map((spec.anomalies ?? []).map((one): [number, Anomaly] => [one[0], one]));
  const more = (start: number) => {
    const one = band.get(start);
    return band.size ? [say(one && Math.round(one[1])), one ? `${say(Math.round(Math.max(0, one[2])))} – ${say(Math.round(one[3]))}` : "–", odd.get(start)?.[2] ?? ""] : [];
  };
  return {
    columns: ["Start (UTC)", ...spec.series.map((one) => one.name), ...(band.size ? ["Expected", "Usual range", "Anomaly"] : [])],
    rows: starts.map((start) => [moment(start), ...found.map((values) => say(values.get(start) ?? 0)), ...more(start)]),
  };
}

function wire(chart: Chart, figure: Figure): () => void {
  const spec = figure.get("spec") as HistogramSpec;
  const bins = binsOf(spec, spec.bin_s ?? 60);
  const undo = [tellRange(chart, figure), walk(chart, () => bins.map((_, dataIndex) => ({ seriesIndex: 0, dataIndex })))];
  return () => undo.forEach((stop) => stop());
}

/** Tells the page the range that was zoomed to, when it has settled; null is all of it. */
export function tellRange(chart: Chart, figure: Figure): () => void {
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
