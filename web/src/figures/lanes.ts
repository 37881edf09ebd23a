// Lanes over time: one per protocol, direction or product; a mark a bin, taller and stronger for more. The legend hides lanes.
import { duration, moment } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, DrawParams, Option } from "./echarts";
import { tellRange } from "./histogram";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { shownOf } from "./marks";
import { pairsOf, told, wordOf } from "./measures";
import type { LanesSpec, Values } from "./specs";
import { legendLook, nameColour, WAY_MARKS, type Palette } from "./theme";
import { axis, slider } from "./timeline";

const LANE = 34;
const TOP = 40;
const BOTTOM = 78;
const NAME_WIDTH = 132;
const MIN_WIDTH = 3;
const DENIED = "denied";

type Datum = [start: number, name: string, ...values: Values];
interface Scale {
  most: number;
  width: number;
  denied: number;
  threat: string;
}

export function lanes(spec: LanesSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const measure = spec.measures[0] ?? "";
  const width = 1000 * (spec.bin_s ?? 60);
  const most = Math.max(1, ...spec.lanes.flatMap((lane) => lane.marks.map((mark) => mark[1] ?? 0)));
  const scale: Scale = { most, width, denied: spec.measures.indexOf(DENIED), threat: palette.threat };
  const names = spec.lanes.map((lane) => lane.name);
  const colours = new Map(names.map((name, i) => [name, nameColour(palette, name, i)]));
  const narrow = size.width < 560;
  return {
    option: {
      aria: { enabled: false },
      legend: { ...legendLook(palette), top: 4, left: 0, right: 110, data: names, icon: "roundRect", itemWidth: 10, itemHeight: 10 },
      grid: { left: narrow ? 84 : NAME_WIDTH, right: narrow ? 12 : 74, top: TOP, bottom: BOTTOM },
      xAxis: { ...axis(palette), max: "dataMax" },
      yAxis: [
        { ...laneAxis(palette, names), axisLabel: { color: palette.text, width: (narrow ? 84 : NAME_WIDTH) - 14, overflow: "truncate", fontSize: 12, formatter: (name: string) => `${WAY_MARKS[name] ?? ""} ${name}`.trim() } },
        { ...laneAxis(palette, names), show: !narrow, position: "right", splitLine: { show: false }, axisLabel: { color: palette.muted, fontSize: 11, formatter: (name: string) => told(measure, spec.lanes.find((lane) => lane.name === name)?.totals[0]) } },
        { type: "value", show: false },
      ],
      dataZoom: [
        { type: "inside", xAxisIndex: 0, filterMode: "weakFilter" },
        { type: "slider", xAxisIndex: 0, height: 26, bottom: 10, ...slider(palette), filterMode: "weakFilter" },
      ],
      tooltip: { formatter: ({ data }: { data: Datum }) => tooltip(spec, data) },
      series: [
        // the sums, unseen: the range selector shows their outline
        { type: "line", yAxisIndex: 2, silent: true, symbol: "none", lineStyle: { opacity: 0 }, data: outline(spec, width), tooltip: { show: false }, animation: false },
        ...spec.lanes.map((lane) => ({
          type: "custom",
          name: lane.name,
          encode: { x: 0, y: 1 },
          itemStyle: { color: colours.get(lane.name) },
          data: lane.marks.map(([start, ...values]): Datum => [start, lane.name, ...values]),
          progressive: 0,
          animation: false,
          renderItem: (params: DrawParams, api: DrawApi) => mark(params, api, scale, colours.get(lane.name) ?? palette.accent),
        })),
      ],
    },
    label: labelOf(spec, measure),
    height: size.height || TOP + BOTTOM + LANE * Math.max(2, spec.lanes.length),
    table: {
      columns: ["Lane", "First bin (UTC)", "Last bin (UTC)", ...spec.measures.map((name) => wordOf(name).replace(/^./, (c) => c.toUpperCase()))],
      rows: spec.lanes.map((lane) => [lane.name, moment(lane.marks[0]?.[0]), moment(lane.marks.at(-1)?.[0]), ...spec.measures.map((name, i) => told(name, lane.totals[i]))]),
    },
    attach: wire,
  };
}

export const laneAxis = (palette: Palette, data: string[]): Option => ({
  type: "category",
  inverse: true,
  data,
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { show: true, lineStyle: { color: palette.grid } },
});

/** The lanes that the legend does not hide; hidden ones leave the axis. */
export function shownLanes<Lane extends { name: string }>(chart: Chart, lanes: Lane[]): () => Lane[] {
  return shownOf(chart, lanes, (shown) => {
    const data = shown.map((lane) => lane.name);
    chart.setOption({ yAxis: [{ data }, { data }, {}] });
  });
}

function labelOf(spec: LanesSpec, measure: string): string {
  const said = spec.lanes.slice(0, 5).map((lane) => `${lane.name} ${told(measure, lane.totals[0])}`);
  const rest = spec.lanes.length > 5 ? `, and ${spec.lanes.length - 5} more lanes` : "";
  return `${wordOf(measure)} over time in bins of ${duration(spec.bin_s)}: ${said.join(", ")}${rest}`;
}

/** The sum of all lanes per bin, with the empty bins beside full ones, so that the outline falls to the ground. */
function outline(spec: LanesSpec, width: number): [number, number][] {
  const bins = new Map<number, number>();
  for (const { marks } of spec.lanes) {
    for (const [start, value] of marks) {
      bins.set(start, (bins.get(start) ?? 0) + (value ?? 0));
      for (const near of [start - width, start + width]) bins.set(near, bins.get(near) ?? 0);
    }
  }
  const told = [...bins].sort((a, b) => a[0] - b[0]);
  return told.slice(1); // the bin before the first is not part of the axis
}

function mark(params: DrawParams, api: DrawApi, scale: Scale, colour: string): Option | undefined {
  const start = api.value(0);
  const [x0, y] = api.coord([start, api.value(1)]);
  const [x1] = api.coord([start + scale.width, api.value(1)]);
  const left = Math.max(x0, params.coordSys.x);
  const right = Math.min(Math.max(x1 - 1, x0 + MIN_WIDTH), params.coordSys.x + params.coordSys.width);
  if (right <= left) return undefined;
  const room = Math.min(api.size([0, 1])[1] * 0.66, 22);
  const share = Math.log1p(api.value(2) || 0) / Math.log1p(scale.most);
  const tall = Math.max(4, room * (0.3 + 0.7 * share));
  const bar = { type: "rect", shape: { x: left, y: y - tall / 2, width: right - left, height: tall, r: Math.min(2, (right - left) / 2) }, style: { fill: colour, opacity: 0.4 + 0.55 * share }, emphasis: { style: { opacity: 1 } } };
  if (scale.denied < 0 || !(api.value(scale.denied + 2) > 0)) return bar;
  const foot = { type: "rect", silent: true, shape: { x: left, y: y + tall / 2 + 1, width: right - left, height: 2.5 }, style: { fill: scale.threat } };
  return { type: "group", children: [bar, foot] };
}

function tooltip(spec: LanesSpec, [start, name, ...values]: Datum): HTMLElement {
  const short = (spec.bin_s ?? 60) < 60 ? "full" : "minute";
  return tip(name, [["from", `${moment(start, short)} UTC`], ["to", moment(start + 1000 * (spec.bin_s ?? 60), short)], ...pairsOf(spec.measures, values)], spec.measures.includes(DENIED) && (values[spec.measures.indexOf(DENIED)] ?? 0) > 0 ? "a red foot: denied" : undefined);
}

function wire(chart: Chart, figure: Figure): () => void {
  const spec = figure.get("spec") as LanesSpec;
  const shown = shownLanes(chart, spec.lanes);
  chart.on("click", (event) => {
    const data = event.data as Datum | undefined;
    if (data?.[1]) figure.emit("picked", { name: data[1], mark: [data[0], data[0] + 1000 * (spec.bin_s ?? 60)] });
  });
  const stops = () => shown().flatMap((lane) => lane.marks.map((_, dataIndex) => ({ seriesIndex: spec.lanes.indexOf(lane) + 1, dataIndex })));
  const undo = [tellRange(chart, figure), walk(chart, stops)];
  return () => undo.forEach((stop) => stop());
}
