// Impact: bars that open. A click shows what a bar is made of; a click on the background, Back or Escape returns.
import { bytes, count, short } from "../format";
import { tip } from "./dom";
import type { Chart } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { Bar, BarsSpec } from "./specs";
import { type Palette } from "./theme";

const ROW = 34;
const NAME_WIDTH = 124;
const MEASURES = ["peers", "connections", "bytes"] as const;
type Measure = (typeof MEASURES)[number];

function sizeOf(bar: Bar, measure: Measure): number {
  return measure === "peers" ? bar.size : Number(bar[measure] ?? 0);
}
const told = (value: number, measure: Measure) => (measure === "bytes" ? bytes(value) : count(value));

function colourOf(name: string, palette: Palette): string {
  if (/^in/i.test(name)) return palette.inbound;
  if (/^out/i.test(name)) return palette.outbound;
  if (/^two/i.test(name)) return palette.both;
  return palette.accent;
}

function option(children: Bar[], palette: Palette, measure: Measure, colour: string | null): Record<string, unknown> {
  const total = children.reduce((sum, bar) => sum + sizeOf(bar, measure), 0) || 1;
  return {
    grid: { left: NAME_WIDTH, right: 90, top: 8, bottom: 26 },
    xAxis: { type: "value", minInterval: 1, axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, formatter: (value: number) => (measure === "bytes" ? bytes(value) : short(value)) }, splitLine: { lineStyle: { color: palette.grid } } },
    yAxis: {
      type: "category",
      inverse: true,
      data: children.map((bar) => bar.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: palette.text, width: NAME_WIDTH - 14, overflow: "truncate", fontSize: 12 },
    },
    tooltip: {
      formatter: ({ data }: { data: { bar: Bar } }) =>
        tip(data.bar.name, [...all(data.bar), ["share", `${((100 * sizeOf(data.bar, measure)) / total).toFixed(1)} %`]], data.bar.children?.length ? "click to open" : undefined),
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 20,
        data: children.map((bar) => ({
          value: sizeOf(bar, measure),
          bar,
          cursor: bar.children?.length ? "pointer" : "default",
          itemStyle: { color: colour ?? colourOf(bar.name, palette), borderRadius: [0, 3, 3, 0] },
        })),
        label: { show: true, position: "right", color: palette.text, fontSize: 12, formatter: ({ data }: { data: { bar: Bar } }) => told(sizeOf(data.bar, measure), measure) },
        emphasis: { focus: "self" },
        blur: { itemStyle: { opacity: 0.35 } },
      },
    ],
  };
}

function all(bar: Bar): [string, string][] {
  return MEASURES.filter((measure) => measure === "peers" || bar[measure] !== undefined).map((measure) => [measure, told(sizeOf(bar, measure), measure)]);
}

export function bars(spec: BarsSpec, palette: Palette): Drawing {
  const widest = Math.max(spec.children.length, ...spec.children.map((bar) => Math.min(bar.children?.length ?? 0, 14)));
  const rows: (string | number)[][] = [];
  const list = (bar: Bar, path: string[]) => {
    rows.push([[...path, bar.name].join(" › "), ...MEASURES.map((measure) => told(sizeOf(bar, measure), measure))]);
    for (const child of bar.children ?? []) list(child, [...path, bar.name]);
  };
  for (const bar of spec.children) list(bar, []);
  return {
    option: option(spec.children, palette, "peers", null),
    label: `Impact analysis: ${spec.children.map((bar) => `${bar.name} ${bar.size} peers`).join(", ")}`,
    height: Math.max(170, widest * ROW + 44),
    table: { columns: ["Part", ...MEASURES], rows },
    attach: (chart, figure) => wire(chart, figure, spec, palette),
  };
}

function wire(chart: Chart, figure: Figure, spec: BarsSpec, palette: Palette): () => void {
  const path: { bars: Bar[]; colour: string | null }[] = [];
  let now: { bars: Bar[]; colour: string | null } = { bars: spec.children, colour: null };
  let measure: Measure = "peers";
  const show = () => {
    chart.setOption(option(now.bars, palette, measure, now.colour), { replaceMerge: ["series", "yAxis", "xAxis"] });
    back.hidden = path.length === 0;
  };
  const goBack = () => {
    const previous = path.pop();
    if (!previous) return;
    now = previous;
    show();
    figure.emit("picked", null);
  };
  const back = figure.addTool("Back to where this bar came from", "← Back", goBack);
  back.hidden = true;
  if (spec.children.some((bar) => bar.bytes !== undefined)) {
    const choose = figure.addTool("Measure: peers, connections or bytes", "By peers", () => {
      measure = MEASURES[(MEASURES.indexOf(measure) + 1) % MEASURES.length] ?? "peers";
      choose.textContent = `By ${measure}`;
      show();
    });
  }
  chart.on("click", (event) => {
    const bar = (event.data as { bar?: Bar } | undefined)?.bar;
    if (!bar) return;
    figure.emit("picked", { name: bar.name });
    if (!bar.children?.length) return;
    path.push(now);
    now = { bars: bar.children, colour: now.colour ?? colourOf(bar.name, palette) };
    show();
  });
  chart.getZr().on("click", (event) => {
    if (!event.target) goBack();
  });
  const stage = chart.getDom();
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Backspace") goBack();
  };
  stage.addEventListener("keydown", onKey);
  return () => stage.removeEventListener("keydown", onKey);
}
