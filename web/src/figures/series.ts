// Values of frames over time as bars, points or lines, with the band they were expected in and what lies outside of it.
import { moment, plural, short } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, Option } from "./echarts";
import { tellRange } from "./histogram";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { headOf, legendOf, pairsOfTips, refLines, shownOf } from "./marks";
import { isVolume, told } from "./measures";
import type { SeriesPoint, SeriesSpec, Tip } from "./specs";
import { nameColour, type Palette } from "./theme";
import { axis, slider } from "./timeline";

const EXPECTED = "expected";
const ANOMALIES = "anomalies";
const DOTS = 150; // a line of fewer points shows them

type Datum = [at: number, value: number, number: number];
interface Item {
  seriesName: string;
  data: Datum | { value: Datum };
}

export function series(spec: SeriesSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const look = spec.look ?? {};
  const [low, high] = endsOf(spec);
  const names = spec.series.map((one) => one.name);
  const listed = [...names, ...(spec.band.length ? [EXPECTED] : []), ...(spec.anomalies.length ? [ANOMALIES] : [])];
  const place = legendOf(look, palette, listed, listed.length > 1, size.width);
  const left = place.left + (look.yaxis === false ? 16 : 62);
  const right = place.right + 18;
  const wide = Math.max(100, size.width - left - right);
  const top = Math.max(28, place.top) + headOf(spec.refs, low, high, wide) + 14;
  const slides = look.range_tool !== false;
  const onlyLine = spec.draw.length === 1 && spec.draw[0] === "line";
  const say = (value: number) => told(spec.measure, value);
  return {
    option: {
      aria: { enabled: false },
      legend: place.legend,
      grid: { outerBoundsMode: "none", left, right, top, bottom: slides ? 76 : 34 },
      xAxis: { ...axis(palette), min: low, max: high },
      yAxis: {
        type: "value",
        scale: !spec.draw.includes("vbar"),
        name: spec.measure,
        nameTextStyle: { color: palette.muted, fontSize: 11, align: "left" },
        nameGap: 8,
        axisLabel: { show: look.yaxis !== false, color: palette.muted, fontSize: 11, formatter: (value: number) => (isVolume(spec.measure) ? say(value) : short(value)) },
        splitLine: { lineStyle: { color: palette.grid } },
      },
      dataZoom: [{ type: "inside", filterMode: "none" }, ...(slides ? [{ type: "slider", height: 26, bottom: 10, ...slider(palette), filterMode: "none" }] : [])],
      tooltip: onlyLine
        ? { trigger: "axis", axisPointer: { type: "line", lineStyle: { color: palette.accent, opacity: 0.6 } }, formatter: (items: Item[]) => axisTip(spec, items) }
        : { formatter: (item: Item) => itemTip(spec, item) },
      series: [
        { type: "line", silent: true, symbol: "none", lineStyle: { opacity: 0 }, data: spec.series.flatMap((one) => one.points.map(([at, value]) => [at, value])).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)), tooltip: { show: false }, animation: false, sampling: "max", markLine: refLines(spec.refs, palette, low, high, wide) },
        ...spec.series.flatMap((one, i) => drawnAs(spec, one, one.colour ?? nameColour(palette, one.name, i), palette)),
        ...expected(spec, palette),
      ],
    },
    label: `${spec.measure} over time: ${spec.series.slice(0, 5).map((one) => `${one.name} ${plural(one.total, "value")}`).join(", ")}${spec.anomalies.length ? `; ${plural(spec.anomalies.length, "anomaly", "anomalies")}` : ""}`,
    height: size.height || look.height || 360,
    maxWidth: look.width,
    table: tableOf(spec),
    attach: (chart, figure) => wire(chart, figure, spec),
  };
}

function endsOf(spec: SeriesSpec): [number, number] {
  const moments = [...spec.refs.map(([at]) => at), ...spec.series.flatMap((one) => [one.points[0]?.[0], one.points.at(-1)?.[0]])].filter((at): at is number => at !== undefined);
  const [low, high] = [Math.min(...moments), Math.max(...moments)];
  const room = Math.max(500, (high - low) * 0.012);
  return [low - room, high + room];
}

/** One series in all the ways that were asked for; the parts share its name, so that the legend hides them together. */
function drawnAs(spec: SeriesSpec, one: SeriesSpec["series"][number], colour: string, palette: Palette): Option[] {
  const data = one.points.map(([at, value], number): Datum => [at, value, number]);
  const common = { name: one.name, data, itemStyle: { color: colour }, animation: false };
  const found: Option[] = [];
  if (spec.draw.includes("vbar")) {
    const width = data.length > 600 ? 1.5 : 3;
    found.push({ ...common, type: "custom", clip: true, encode: { x: 0, y: 1 }, progressive: 0, renderItem: (_: unknown, api: DrawApi) => bar(api, colour, width) });
  }
  if (spec.draw.includes("line")) found.push({ ...common, type: "line", symbol: "circle", symbolSize: 5, showSymbol: data.length <= DOTS && !spec.draw.includes("circle"), lineStyle: { color: colour, width: 1.6 }, emphasis: { disabled: data.length > DOTS } });
  if (spec.draw.includes("circle")) found.push({ ...common, type: "scatter", symbolSize: 8, itemStyle: { color: colour, opacity: 0.85, borderColor: palette.surface, borderWidth: 0.8 } });
  return found;
}

function bar(api: DrawApi, colour: string, width: number): Option {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  const [, ground] = api.coord([api.value(0), 0]);
  return { type: "rect", shape: { x: x - width / 2, y: Math.min(y, ground), width, height: Math.max(1, Math.abs(ground - y)), r: Math.min(1, width / 3) }, style: { fill: colour, opacity: 0.75 }, emphasis: { style: { opacity: 1 } } };
}

/** The band and the dashed line in it; anomalies as triangles that point the way they went. */
function expected(spec: SeriesSpec, palette: Palette): Option[] {
  const edged = spec.band.filter((row): row is [number, number | null, number, number] => row[2] !== null && row[3] !== null);
  const area = (data: number[][], opacity: number) => ({ name: EXPECTED, type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, data, lineStyle: { opacity: 0 }, areaStyle: { color: palette.muted, opacity, origin: "start" }, itemStyle: { color: palette.muted }, z: 1, animation: false, emphasis: { disabled: true }, tooltip: { show: false } });
  const found: Option[] = [];
  if (edged.length) {
    const floor = area(edged.map(([at, , low]) => [at, low]), 0);
    const band = area(edged.map(([at, , low, high]) => [at, high - low]), 0.22);
    found.push(floor, { ...band, areaStyle: { color: palette.muted, opacity: 0.22 } });
  }
  const line = spec.band.filter((row) => row[1] !== null);
  if (line.length) found.push({ name: EXPECTED, type: "line", symbol: "none", silent: true, z: 3, animation: false, data: line.map(([at, usual]) => [at, usual]), lineStyle: { color: palette.text, width: 1.1, type: [4, 3] }, itemStyle: { color: palette.muted }, emphasis: { disabled: true } });
  if (spec.anomalies.length) {
    found.push({
      name: ANOMALIES, type: "scatter", z: 6, animation: false, symbol: "triangle", symbolSize: 11,
      itemStyle: { color: palette.threat, borderColor: palette.surface, borderWidth: 1 },
      data: spec.anomalies.map(([at, value, side]) => ({ value: [at, value, -1], symbolRotate: side === "below" ? 180 : 0, symbolOffset: [0, side === "below" ? 9 : -9] })),
    });
  }
  return found;
}

const datumOf = (item: Item): Datum => (Array.isArray(item.data) ? item.data : item.data.value);

/** What was expected at a time, and whether the value is an anomaly. */
function usual(spec: SeriesSpec, at: number): { pairs: [string, string][]; note?: string } {
  const row = spec.band.find((one) => one[0] === at);
  const odd = spec.anomalies.find((one) => one[0] === at);
  const pairs: [string, string][] = [];
  if (row && row[1] !== null) pairs.push([EXPECTED, told(spec.measure, row[1])]);
  if (row && row[2] !== null && row[3] !== null) pairs.push(["usual range", `${told(spec.measure, row[2])} – ${told(spec.measure, row[3])}`]);
  return { pairs, note: odd ? `anomaly: ${odd[2]} what was expected` : undefined };
}

function itemTip(spec: SeriesSpec, item: Item): HTMLElement {
  const [at, value, number] = datumOf(item);
  const point = spec.series.find((one) => one.name === item.seriesName)?.points[number];
  const { pairs, note } = usual(spec, at);
  return tip(item.seriesName, [["time", `${moment(at)} UTC`], [spec.measure, told(spec.measure, value)], ...pairs, ...pairsOfTips(spec.tips, spec.texts, (point?.slice(2) ?? []) as Tip[])], note);
}

function axisTip(spec: SeriesSpec, items: Item[]): HTMLElement {
  const names = new Set(spec.series.map((one) => one.name));
  const shown = items.filter((item) => names.has(item.seriesName));
  const at = datumOf(shown[0] ?? (items[0] as Item))[0];
  const { pairs, note } = usual(spec, at);
  const tips = shown.length === 1 ? pairsOfTips(spec.tips, spec.texts, (spec.series.find((one) => one.name === shown[0]?.seriesName)?.points[datumOf(shown[0] as Item)[2]]?.slice(2) ?? []) as Tip[]) : [];
  return tip(`${moment(at)} UTC`, [...shown.map((item): [string, string] => [item.seriesName, told(spec.measure, datumOf(item)[1])]), ...pairs, ...tips], note);
}

function tableOf(spec: SeriesSpec): Drawing["table"] {
  const band = new Map(spec.band.map((row) => [row[0], row]));
  const odd = new Map(spec.anomalies.map((one) => [one[0], one[2]]));
  const range = (at: number) => {
    const row = band.get(at);
    return row && row[2] !== null && row[3] !== null ? `${told(spec.measure, row[2])} – ${told(spec.measure, row[3])}` : null;
  };
  const more = (at: number) => [...(band.size ? [told(spec.measure, band.get(at)?.[1]), range(at)] : []), ...(odd.size ? [odd.get(at) ?? null] : [])];
  const text = (point: SeriesPoint, i: number) => (typeof point[i + 2] === "number" ? (spec.texts[i]?.[point[i + 2] as number] ?? null) : null);
  return {
    columns: ["Time (UTC)", "Series", spec.measure, ...(band.size ? ["Expected", "Usual range"] : []), ...(odd.size ? ["Anomaly"] : []), ...spec.tips],
    rows: spec.series.flatMap((one) => one.points.map((point) => [moment(point[0]), one.name, told(spec.measure, point[1]), ...more(point[0]), ...spec.tips.map((_, i) => text(point, i))])),
  };
}

function wire(chart: Chart, figure: Figure, spec: SeriesSpec): () => void {
  const shown = shownOf(chart, spec.series);
  chart.on("click", (event) => {
    const item = event as unknown as Item;
    if (item.data) figure.emit("picked", { name: item.seriesName, start: datumOf(item)[0], value: datumOf(item)[1] });
  });
  const stops = () => shown().flatMap((one) => one.points.map((_, dataIndex) => ({ seriesIndex: 1 + spec.series.indexOf(one) * spec.draw.length, dataIndex })));
  const undo = [tellRange(chart, figure), walk(chart, stops)];
  return () => undo.forEach((stop) => stop());
}

