// Events of frames over time: a lane a group, a dot an event, a bar where several are together or where one lasts.
// The legend hides lanes, the slider chooses a range, a mark tells its source columns.
import { count, moment, plural } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, DrawParams, Option } from "./echarts";
import { tellRange } from "./histogram";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { laneAxis, shownLanes } from "./lanes";
import { headOf, legendOf, pairsOfTips, refLines } from "./marks";
import type { EventLane, EventMark, EventsSpec } from "./specs";
import { nameColour, type Palette } from "./theme";
import { axis, slider } from "./timeline";

const LANE = 28;
const MOST_LANES = 40; // taller than this, the lanes scroll
const NAMES = [60, 230] as const; // room for the names, in pixels
const LETTER = 6.7;
const DOT = 4.5;
const DENSE = 150; // dots of a lane with more of them have no edge
const NEAR = 4; // pixels within which marks are told together
const SPAN = -1; // in the place of a mark's number: the bar from the first to the last

type Datum = [start: number, name: string, end: number, events: number, mark: number];

export function events(spec: EventsSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const look = spec.look ?? {};
  const names = spec.lanes.map((lane) => lane.name);
  const most = Math.max(2, ...spec.lanes.flatMap((lane) => lane.marks.map((mark) => mark[2])));
  const [low, high] = endsOf(spec);
  const narrow = size.width < 560;
  const place = legendOf(look, palette, names, names.length > 1, size.width);
  const named = look.yaxis !== false;
  const longest = Math.max(...names.map((name) => name.length)) * LETTER + 18;
  const nameWidth = Math.max(NAMES[0], Math.min(longest, narrow ? 96 : NAMES[1]));
  const left = place.left + (named ? nameWidth : 14);
  const right = place.right + (named && !narrow ? 62 : 16);
  const wide = Math.max(100, size.width - left - right);
  const top = Math.max(26, place.top) + headOf(spec.refs, low, high, wide) + 4;
  const slides = look.range_tool !== false;
  const bottom = slides ? 78 : 34;
  const shown = Math.min(names.length, MOST_LANES);
  let stage: Chart | undefined;
  const height = size.height || Math.max(look.height ?? 0, top + bottom + (look.height ? 14 * shown : LANE * Math.max(2, shown)));
  return {
    option: {
      aria: { enabled: false },
      legend: place.legend,
      grid: { outerBoundsMode: "none", left, right, top, bottom },
      xAxis: { ...axis(palette), min: low, max: high },
      yAxis: [
        { ...laneAxis(palette, names), axisLabel: { show: named, color: palette.text, width: nameWidth - 14, overflow: "truncate", fontSize: 12 } },
        { ...laneAxis(palette, names), show: named && !narrow, position: "right", splitLine: { show: false }, axisLabel: { color: palette.muted, fontSize: 11, formatter: (name: string) => count(spec.lanes.find((lane) => lane.name === name)?.total) } },
        { type: "value", show: false },
      ],
      dataZoom: [
        { type: "inside", xAxisIndex: 0, filterMode: "weakFilter" },
        ...(slides ? [{ type: "slider", xAxisIndex: 0, height: 26, bottom: 10, ...slider(palette), filterMode: "weakFilter" }] : []),
        ...(names.length > MOST_LANES ? [{ type: "slider", yAxisIndex: [0, 1], width: 12, right: 2, startValue: 0, endValue: MOST_LANES - 1, showDetail: false, ...slider(palette), brushSelect: false, filterMode: "empty" }] : []),
      ],
      tooltip: { formatter: ({ data }: { data: Datum }) => tooltip(spec, data, stage) },
      series: [
        // the sums, unseen: the range selector shows their outline; the reference marks hang on it
        { type: "line", yAxisIndex: 2, silent: true, symbol: "none", lineStyle: { opacity: 0 }, data: outline(spec, low, high), tooltip: { show: false }, animation: false, markLine: refLines(spec.refs, palette, low, high, wide) },
        ...spec.lanes.map((lane, i) => {
          const colour = lane.colour ?? nameColour(palette, lane.name, i);
          return {
            type: "custom",
            name: lane.name,
            clip: true,
            encode: { x: [0, 2], y: 1 },
            itemStyle: { color: colour },
            data: dataOf(lane),
            progressive: 0,
            animation: false,
            renderItem: (params: DrawParams, api: DrawApi) => shape(params, api, { most, bin: spec.bin_ms ?? 0, colour, edge: lane.marks.length > DENSE ? undefined : palette.surface, dense: Math.max(0.25, Math.min(0.6, 300 / lane.marks.length)) }),
          };
        }),
      ],
    },
    label: labelOf(spec, low, high),
    height,
    maxWidth: look.width,
    table: tableOf(spec),
    attach: (chart, figure) => {
      stage = chart;
      return wire(chart, figure);
    },
  };
}

function dataOf(lane: EventLane): Datum[] {
  const marks = lane.marks.map(([start, lasts, many], i): Datum => [start, lane.name, start + lasts, many, i]);
  return lane.span ? [[lane.span[0], lane.name, lane.span[1], lane.total, SPAN], ...marks] : marks;
}

/** The first and the last moment, reference marks included, with some room. */
function endsOf(spec: EventsSpec): [number, number] {
  const moments = [...spec.refs.map(([at]) => at)];
  for (const { marks } of spec.lanes) for (const [start, lasts] of marks) moments.push(start, start + lasts);
  const low = moments.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = moments.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const room = Math.max(500, (high - low) * 0.012);
  return [low - room, high + room];
}

interface Scale {
  most: number;
  bin: number;
  colour: string;
  edge: string | undefined;
  /** Opacity of a dot without an edge: of many less. */
  dense: number;
}

function shape(params: DrawParams, api: DrawApi, { most, bin, colour, edge, dense }: Scale): Option | undefined {
  const [start, end, many, number] = [api.value(0), api.value(2), api.value(3), api.value(4)];
  const [from, until] = many > 1 && bin && number !== SPAN ? [Math.floor(start / bin) * bin, (Math.floor(start / bin) + 1) * bin] : [start, end];
  const [x0, y] = api.coord([from, api.value(1)]);
  const [x1] = api.coord([until, api.value(1)]);
  const edges = [params.coordSys.x, params.coordSys.x + params.coordSys.width] as const;
  if (x1 < edges[0] - DOT || x0 > edges[1] + DOT) return undefined;
  const room = Math.min(api.size([0, 1])[1], 26);
  if (number === SPAN) {
    const tall = Math.min(12, room * 0.5);
    return { type: "rect", shape: { x: x0 - 3, y: y - tall / 2, width: x1 - x0 + 6, height: tall, r: tall / 2 }, style: { fill: colour, opacity: 0.28 }, emphasis: { style: { opacity: 0.45 } } };
  }
  if (many === 1 && x1 - x0 < 2 * DOT) {
    return { type: "circle", shape: { cx: (x0 + x1) / 2, cy: y, r: Math.min(DOT, room * 0.3) }, style: { fill: colour, opacity: edge ? 0.85 : dense, ...(edge ? { stroke: edge, lineWidth: 0.8 } : {}) }, emphasis: { style: { opacity: 1 } } };
  }
  const share = Math.log(many) / Math.log(most);
  const tall = Math.max(6, room * (0.36 + 0.42 * share));
  const wide = Math.max(x1 - x0 - (many > 1 ? 0.6 : 0), 2);
  return { type: "rect", shape: { x: x0, y: y - tall / 2, width: wide, height: tall, r: Math.min(2, wide / 2) }, style: { fill: colour, opacity: 0.45 + 0.5 * share }, emphasis: { style: { opacity: 1 } } };
}

/** All lanes per bin, with the empty bins beside full ones, so that the outline falls to the ground. */
function outline(spec: EventsSpec, low: number, high: number): [number, number][] {
  const width = Math.max(1, (high - low) / 160);
  const bins = new Map<number, number>();
  for (const { marks } of spec.lanes) {
    for (const [start, , many] of marks) {
      const at = Math.floor((start - low) / width);
      bins.set(at, (bins.get(at) ?? 0) + many);
    }
  }
  return Array.from({ length: 161 }, (_, at): [number, number] => [low + (at + 0.5) * width, bins.get(at) ?? 0]).filter(([at]) => at <= high);
}

function tooltip(spec: EventsSpec, [start, name, end, many, number]: Datum, stage: Chart | undefined): HTMLElement {
  const until: [string, string][] = end > start ? [["to", `${moment(end)} UTC`]] : [];
  const times: [string, string][] = [[end > start ? "from" : "time", `${moment(start)} UTC`], ...until];
  if (number === SPAN) return tip(name, [...times, ["events", count(many)]]);
  const mark = spec.lanes.find((lane) => lane.name === name)?.marks[number];
  const pairs = pairsOfTips(spec.tips, spec.texts, mark?.slice(3) as EventMark[3][]);
  const others = beside(spec, name, start, stage) - 1;
  const notes = [many > 1 && pairs.length ? "the most common values of these events" : "", others > 0 ? `and ${plural(others, "mark")} more at this place: zoom in, or see the table` : ""];
  return tip(name, [...times, ...(many > 1 ? [["events", count(many)] as [string, string]] : []), ...pairs], notes.filter(Boolean).join("; ") || undefined);
}

/** Marks of a lane that cover one another at a time. */
function beside(spec: EventsSpec, name: string, start: number, stage: Chart | undefined): number {
  const x = stage?.convertToPixel({ xAxisIndex: 0 }, start) as number | undefined;
  if (!stage || x === undefined) return 1;
  const [low, high] = [x - NEAR, x + NEAR].map((at) => stage.convertFromPixel({ xAxisIndex: 0 }, at) as unknown as number) as [number, number];
  return spec.lanes.find((lane) => lane.name === name)?.marks.filter(([at]) => at >= low && at <= high).length ?? 1;
}

function labelOf(spec: EventsSpec, low: number, high: number): string {
  const said = spec.lanes.slice(0, 5).map((lane) => `${lane.name} ${plural(lane.total, "event")}`);
  const rest = spec.lanes.length > 5 ? `, and ${spec.lanes.length - 5} more lanes` : "";
  return `Events from ${moment(low)} to ${moment(high)} UTC: ${said.join(", ")}${rest}${spec.refs.length ? `; ${plural(spec.refs.length, "reference mark")}` : ""}`;
}

/** A row per mark; a bin has the most common text. */
function tableOf(spec: EventsSpec): Drawing["table"] {
  const text = (i: number, at: EventMark[3] | undefined) => (at === null || at === undefined ? null : (spec.texts[i]?.[typeof at === "number" ? at : at[0]] ?? null));
  const rows = spec.lanes.flatMap((lane) => lane.marks.map(([start, lasts, many, ...tips]) => [lane.name, moment(start), lasts ? moment(start + lasts) : null, count(many), ...spec.tips.map((_, i) => text(i, tips[i] as EventMark[3]))]));
  const refs = spec.refs.map(([at, label]) => [label, moment(at), null, null, ...spec.tips.map(() => null)]);
  return { columns: ["Lane", "From (UTC)", "To", "Events", ...spec.tips], rows: [...refs, ...rows] };
}

function wire(chart: Chart, figure: Figure): () => void {
  const spec = figure.get("spec") as EventsSpec;
  const shown = shownLanes(chart, spec.lanes);
  chart.on("click", (event) => {
    const data = event.data as Datum | undefined;
    if (data?.[1]) figure.emit("picked", { name: data[1], start: data[0], end: data[2], events: data[3] });
  });
  const stops = () => shown().flatMap((lane) => dataOf(lane).map((_, dataIndex) => ({ seriesIndex: spec.lanes.indexOf(lane) + 1, dataIndex })));
  const undo = [tellRange(chart, figure), walk(chart, stops)];
  return () => undo.forEach((stop) => stop());
}
