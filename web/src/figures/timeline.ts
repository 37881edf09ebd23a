// Lanes over time: one lane a peer, one bar a connection (or a bin of them); zoom by wheel, range by brush.
import { bytes, count, duration, moment } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, DrawParams, Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { Mark, TimelineSpec } from "./specs";
import { wayColour, WAY_MARKS, type Palette } from "./theme";

const LANE = 24;
const MOST_LANES = 22; // taller than this, the lanes scroll
const MIN_WIDTH = 3;
const NAME_WIDTH = 140;

type Datum = [lane: number, start: number, end: number, connections: number, bytes: number | string | null, port: number | null];

export function timeline(spec: TimelineSpec, palette: Palette, size: { height: number }): Drawing {
  const lanes = spec.lanes;
  const most = Math.max(1, ...lanes.flatMap((lane) => lane.marks.map((mark) => mark[2])));
  const shown = Math.min(lanes.length, MOST_LANES);
  const height = size.height || shown * LANE + 84;
  const fits = size.height ? Math.max(3, Math.floor((size.height - 84) / LANE)) : MOST_LANES;
  return {
    option: {
      aria: { enabled: false },
      grid: { left: NAME_WIDTH, right: lanes.length > fits ? 34 : 18, top: 10, bottom: 54 },
      xAxis: axis(palette),
      yAxis: {
        type: "category",
        inverse: true,
        data: lanes.map((lane) => lane.name),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: palette.text, width: NAME_WIDTH - 16, overflow: "truncate", fontSize: 12, formatter: (name: string, i: number) => `${WAY_MARKS[lanes[i]?.way ?? ""] ?? ""} ${name}`.trim() },
        splitLine: { show: true, lineStyle: { color: palette.grid } },
      },
      dataZoom: [
        { type: "inside", xAxisIndex: 0, filterMode: "weakFilter", zoomOnMouseWheel: true, moveOnMouseMove: true },
        { type: "slider", xAxisIndex: 0, height: 16, bottom: 8, ...slider(palette), filterMode: "weakFilter" },
        ...(lanes.length > fits ? [{ type: "slider", yAxisIndex: 0, width: 12, right: 6, startValue: 0, endValue: fits - 1, showDetail: false, ...slider(palette), brushSelect: false, filterMode: "empty" }] : []),
      ],
      brush: { xAxisIndex: 0, toolbox: [], brushStyle: { color: `${palette.accent}33`, borderColor: palette.accent } },
      tooltip: { formatter: (p: { data: Datum }) => tooltip(spec, p.data) },
      series: [
        {
          type: "custom",
          encode: { x: [1, 2], y: 0 },
          data: lanes.flatMap((lane, i) => lane.marks.map(([start, end, ...rest]): Datum => [i, start, end ?? start, ...(rest as [number, number, number])])),
          progressive: 2000,
          animation: false,
          renderItem: (params: DrawParams, api: DrawApi) => bar(params, api, most, (i) => wayColour(palette, lanes[i]?.way ?? "outbound")),
          emphasis: { itemStyle: { opacity: 1 } },
        },
      ],
    },
    label: `Timeline of ${lanes.length} peers${spec.binned_s ? `, in bins of ${duration(spec.binned_s)}` : ""}`,
    height,
    table: {
      columns: ["Peer", "First (UTC)", "Last (UTC)", "Connections", "Bytes"],
      rows: lanes.map((lane) => [
        lane.name,
        moment(Math.min(...lane.marks.map((m) => m[0]))),
        moment(Math.max(...lane.marks.map((m) => m[1] ?? m[0]))),
        count(lane.marks.reduce((sum, m) => sum + m[2], 0)),
        bytes(lane.marks.reduce((sum, m) => sum + Number(m[3] ?? 0), 0)),
      ]),
    },
    attach: wire,
  };
}

function bar(params: DrawParams, api: DrawApi, most: number, colour: (lane: number) => string): Option | undefined {
  const lane = api.value(0);
  const [x0, y] = api.coord([api.value(1), lane]);
  const [x1] = api.coord([api.value(2), lane]);
  const left = Math.max(x0, params.coordSys.x);
  const right = Math.min(Math.max(x1, x0 + MIN_WIDTH), params.coordSys.x + params.coordSys.width);
  if (right <= left) return undefined;
  const room = Math.min(api.size([0, 1])[1] * 0.72, 18);
  const share = Math.log1p(api.value(3)) / Math.log1p(most); // many connections make a taller, stronger bar
  const tall = Math.max(5, room * (0.45 + 0.55 * share));
  return {
    type: "rect",
    shape: { x: left, y: y - tall / 2, width: right - left, height: tall, r: 2 },
    style: { fill: colour(lane), opacity: 0.5 + 0.45 * share },
  };
}

function tooltip(spec: TimelineSpec, [lane, start, end, connections, size, port]: Datum): HTMLElement {
  const pairs: [string, string][] = [["from", moment(start)], ["to", moment(end)]];
  if (connections > 1 || spec.binned_s) pairs.push(["connections", count(connections)]);
  pairs.push(["bytes", bytes(size)], [connections > 1 ? "most used port" : "port", port === null ? "–" : String(port)]);
  return tip(spec.lanes[lane]?.name ?? "", pairs, spec.binned_s ? `bins of ${duration(spec.binned_s)}` : undefined);
}

export function axis(palette: Palette): Option {
  return {
    type: "time",
    useUTC: true,
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { lineStyle: { color: palette.line } },
    axisLabel: { color: palette.muted, hideOverlap: true, fontSize: 11, formatter: { day: "{bold|{MM}-{dd}}", month: "{bold|{yyyy}-{MM}}", year: "{bold|{yyyy}}" }, rich: { bold: { color: palette.text, fontSize: 11, fontWeight: 600 } } },
    splitLine: { show: true, lineStyle: { color: palette.grid } },
  };
}

export function slider(palette: Palette): Option {
  return {
    borderColor: palette.line,
    backgroundColor: "transparent",
    fillerColor: `${palette.accent}22`,
    handleStyle: { color: palette.raised, borderColor: palette.accent },
    moveHandleStyle: { color: palette.accent, opacity: 0.35 },
    dataBackground: { lineStyle: { color: palette.muted, opacity: 0.4 }, areaStyle: { color: palette.muted, opacity: 0.12 } },
    selectedDataBackground: { lineStyle: { color: palette.accent, opacity: 0.6 }, areaStyle: { color: palette.accent, opacity: 0.15 } },
    textStyle: { color: palette.muted, fontSize: 10 },
    labelFormatter: (value: number | string) => (typeof value === "number" ? moment(value, "minute") : ""),
  };
}

function wire(chart: Chart, figure: Figure): void {
  const button = figure.addTool("Mark a range of time", "Range", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: on ? { brushType: "lineX", brushMode: "single" } : { brushType: false } });
    if (!on) chart.dispatchAction({ type: "brush", areas: [] });
  });
  button.setAttribute("aria-pressed", "false");
  figure.addTool("Show all of the time again", "Reset", () => {
    chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, start: 0, end: 100 });
    chart.dispatchAction({ type: "brush", areas: [] });
    figure.emit("range", null);
  });
  chart.on("brushEnd", (event) => {
    const range = (event as { areas?: { coordRange?: [number, number] }[] }).areas?.[0]?.coordRange;
    figure.emit("range", range ? [Math.round(range[0]), Math.round(range[1])] : null);
  });
  chart.on("click", (event) => {
    const lane = (event.data as Datum | undefined)?.[0];
    const spec = figure.get("spec") as TimelineSpec;
    if (lane !== undefined) figure.emit("picked", { name: spec.lanes[lane]?.name, mark: (event.data as Datum).slice(1) as unknown as Mark });
  });
}
