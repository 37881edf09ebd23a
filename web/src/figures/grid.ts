// A cell per weekday and hour, or per source and destination: darker for more, with its number; sums at the right.
import { short } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { isVolume, pairsOf, told, wordOf } from "./measures";
import type { GridSpec, Values } from "./specs";
import { mixed, type Palette } from "./theme";

type Cell = GridSpec["cells"][number];
interface Size {
  width: number;
  height: number;
}
interface Frame {
  left: number;
  top: number;
  right: number;
  row: number;
  turned: boolean;
}

const GAP = 1.5;
const PRESENT = 0.6;
const NUMBER = 10;
const INK = 0.66; // stronger cells have numbers of the other ink: there both have the same contrast
const SCALES = { light: ["#dceef1", "#075561"], dark: ["#1b3a41", "#7fe0ee"] } as const;

export function heat(spec: GridSpec, palette: Palette, size: Size): Drawing {
  const narrow = size.width < 620;
  return grid(spec, palette, size, { left: narrow ? 44 : 92, top: 30, right: narrow ? 44 : 84, row: 32, turned: false }, narrow ? 3 : 99);
}

export function matrix(spec: GridSpec, palette: Palette, size: Size): Drawing {
  const narrow = size.width < 620;
  return grid(spec, palette, size, { left: narrow ? 110 : 180, top: 118, right: narrow ? 44 : 84, row: 25, turned: true }, 99);
}

function grid(spec: GridSpec, palette: Palette, size: Size, frame: Frame, letters: number): Drawing {
  const measure = spec.measures[0] ?? "";
  const sizes = spec.cells.map((cell) => cell[2] ?? 0).filter((value) => value > 0);
  const [most, least] = [Math.max(...sizes, 0), Math.min(...sizes)];
  const sides = spec.sides ?? ["source", "destination"];
  const sums = spec.has_sums !== false;
  const wide = Math.min(frame.turned ? 64 : 60, (size.width - frame.left - frame.right) / Math.max(1, spec.columns.length));
  const name = { color: palette.muted, fontSize: 11 };
  const rows: Option = { type: "category", inverse: true, data: spec.rows, axisLine: { show: false }, axisTick: { show: false } };
  return {
    option: {
      grid: { outerBoundsMode: "none", left: frame.left, top: frame.top, width: wide * spec.columns.length, height: frame.row * spec.rows.length },
      xAxis: {
        type: "category", data: spec.columns, position: "top", axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...name, interval: frame.turned && wide > 12 ? 0 : "auto", ...(frame.turned ? { rotate: -50, align: "left", verticalAlign: "middle", margin: 8, width: 130, overflow: "truncate", color: palette.text } : {}) },
      },
      yAxis: [
        { ...rows, ...(frame.turned ? { name: `${cut(sides[0])} ↓  ${cut(sides[1])} →`, nameLocation: "start", nameGap: 12, nameTextStyle: { ...name, align: "right", padding: [0, 8, 0, 0] } } : {}), axisLabel: { color: palette.text, fontSize: 12, width: frame.left - 12, overflow: "truncate", formatter: (text: string) => (letters < text.length ? text.slice(0, letters) : text) } },
        { ...rows, show: sums, position: "right", name: wordOf(measure), nameLocation: "start", nameGap: 12, nameTextStyle: { ...name, align: "left" }, axisLabel: { ...name, formatter: (_: string, i: number) => told(measure, spec.row_totals[i]?.[0] ?? 0) } },
      ],
      tooltip: { formatter: ({ data }: { data: Cell }) => tip(titleOf(spec, data), pairsOf(spec.measures, data.slice(2) as Values)) },
      series: [
        {
          type: "custom",
          silent: true,
          animation: false,
          data: spec.rows.map((_, i) => [0, i]),
          encode: { x: 0, y: 1 },
          renderItem: (_: unknown, api: DrawApi) => ground(api, palette, wide * spec.columns.length),
        },
        {
          type: "custom",
          animation: false,
          encode: { x: 1, y: 0 },
          data: spec.cells,
          renderItem: (_: unknown, api: DrawApi) => cellOf(api, palette, measure, shadeOf(api.value(2), most, least, spec.scale ?? "log"), spec.scale === "presence"),
        },
      ],
    },
    label: labelOf(spec),
    height: frame.top + frame.row * spec.rows.length + 12,
    maxWidth: spec.look?.width,
    table: tableOf(spec),
    attach: (chart, figure) => wire(chart, figure, spec),
  };
}

const titleOf = (spec: GridSpec, [row, column]: Cell) => (spec.kind === "heat" ? `${spec.rows[row]}, ${spec.columns[column]}:00 to ${spec.columns[column]}:59` : `${spec.rows[row]} → ${spec.columns[column]}`);

function ground(api: DrawApi, palette: Palette, width: number): Option {
  const [x, y] = api.coord([0, api.value(1)]);
  const [wide, tall] = api.size([1, 1]);
  return { type: "rect", shape: { x: x - wide / 2, y: y - tall / 2, width: width - GAP, height: tall - GAP, r: 2 }, style: { fill: palette.grid, opacity: 0.55 } };
}

const cut = (name: string) => (name.length > 14 ? `${name.slice(0, 13)}…` : name);

/** How dark a cell is, from 0 to 1; the same as in drawn_grid.py. */
function shadeOf(value: number, most: number, least: number, scale: NonNullable<GridSpec["scale"]>): number {
  if (scale === "presence") return PRESENT;
  const size = Math.max(value || 0, 0);
  if (scale === "inverse") return size ? least / size : 0;
  if (scale === "inverse log") return size ? Math.log1p(least) / Math.log1p(size) : 0;
  if (scale === "linear") return most ? size / most : 0;
  return most ? Math.log1p(size) / Math.log1p(most) : 0; // one large cell does not hide the others
}

function cellOf(api: DrawApi, palette: Palette, measure: string, share: number, isBare: boolean): Option {
  const [x, y] = api.coord([api.value(1), api.value(0)]);
  const [wide, tall] = api.size([1, 1]);
  const value = api.value(2);
  const [pale, deep] = SCALES[palette.name];
  const text = isBare ? "" : fitting(measure, value, wide - 4);
  const ink = share > INK === (palette.name === "light") ? "#ffffff" : "#1b2430";
  return {
    type: "rect",
    shape: { x: x - wide / 2, y: y - tall / 2, width: wide - GAP, height: tall - GAP, r: 2 },
    style: { fill: mixed(pale, deep, share) },
    textContent: { type: "text", style: { text, fill: ink, fontSize: NUMBER } },
    textConfig: { position: "inside" },
    emphasis: { style: { stroke: palette.text, lineWidth: 1.5 } },
  };
}

/** The number, shorter where there is little room, or none. */
function fitting(measure: string, value: number, room: number): string {
  if (!value || Number.isNaN(value)) return "";
  const words = isVolume(measure) ? [told(measure, value), told(measure, value).replace(/\.\d/, "").replace(" ", "")] : [told(measure, value), short(value)];
  return words.find((word) => word.length * NUMBER * 0.58 < room) ?? "";
}

function labelOf(spec: GridSpec): string {
  const top = spec.cells.reduce<Cell | null>((best, cell) => (!best || (cell[2] ?? 0) > (best[2] ?? 0) ? cell : best), null);
  const measure = spec.measures[0] ?? "";
  const where = spec.kind === "heat" ? "weekday and hour" : (spec.sides ?? ["source", "destination"]).join(" and ");
  return `${wordOf(measure)} by ${where}${top ? `; most ${titleOf(spec, top)}: ${told(measure, top[2])}` : ""}`;
}

/** Weekdays and hours as they are; sources and destinations as a row per pair. */
function tableOf(spec: GridSpec): Drawing["table"] {
  const measure = spec.measures[0] ?? "";
  if (spec.kind === "matrix") {
    const pairs = [...spec.cells].sort((a, b) => (b[2] ?? 0) - (a[2] ?? 0));
    return { columns: [...(spec.sides ?? ["Source", "Destination"]), ...spec.measures.map(wordOf)], rows: pairs.map(([row, column, ...values]) => [spec.rows[row] ?? "", spec.columns[column] ?? "", ...spec.measures.map((name, i) => told(name, values[i]))]) };
  }
  const found = new Map(spec.cells.map((cell) => [`${cell[0]},${cell[1]}`, cell[2]]));
  const cells = (row: number) => spec.columns.map((_, column) => told(measure, found.get(`${row},${column}`) ?? 0));
  return {
    columns: ["", ...spec.columns, "All"],
    rows: [...spec.rows.map((name, row) => [name, ...cells(row), told(measure, spec.row_totals[row]?.[0] ?? 0)]), ["All", ...spec.column_totals.map((values) => told(measure, values[0] ?? 0)), ""]],
  };
}

function wire(chart: Chart, figure: Figure, spec: GridSpec): () => void {
  const pick = (cell: Cell | undefined) => {
    if (cell) figure.emit("picked", { name: titleOf(spec, cell), row: spec.rows[cell[0]], column: spec.columns[cell[1]] });
  };
  chart.on("click", (event) => pick(event.data as Cell | undefined));
  return walk(chart, () => spec.cells.map((_, dataIndex) => ({ seriesIndex: 1, dataIndex })), ({ dataIndex }) => pick(spec.cells[dataIndex]));
}
