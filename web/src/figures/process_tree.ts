// A process tree: a line a process, moved in below the one that started it. Wheel or slider move over the lines, with
// Ctrl they zoom, from lines that can be read to all of them at a glance; click marks, with Ctrl or Shift several.
import { count, moment } from "../format";
import { tip } from "./dom";
import type { Chart, DrawApi, DrawParams, Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { ProcessNode, ProcessTreeSpec } from "./specs";
import { legendLook, type Palette } from "./theme";
import { slider } from "./timeline";

const ROW = 20;
const [TOP, BOTTOM, RIGHT] = [34, 8, 26];
const MOST_ROWS = 26; // taller than this, the lines scroll
const READABLE = 11; // pixels of a line that has room for text
const STEP = 14;
const DEEPEST = 16; // deeper levels stand below one another
const OVER = 20; // what the pointer is on is lifted by 10: lines stay below their texts
const UNKNOWN = "unknown";

interface Line {
  at: number; // place in spec.nodes
  level: number;
  row: number;
}
interface Look {
  spec: ProcessTreeSpec;
  palette: Palette;
  colours: string[];
  levels: number[];
  children: number[]; // how many
  closed: Set<number>;
  picked: Set<number>;
  focus: number; // place in spec.nodes, or -1
  lines: Line[];
  rowOf: Map<number, number>;
  width: number;
  names: number; // pixels of the column of names
}

export function process_tree(spec: ProcessTreeSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const look = lookOf(spec, palette, size.width);
  const height = size.height || Math.min(MOST_ROWS, spec.nodes.length) * ROW + TOP + BOTTOM;
  const tops = spec.nodes.filter((node) => node[1] < 0).length;
  const all = spec.nodes.length + spec.nodes.reduce((sum, node) => sum + node[9], 0);
  return {
    option: { ...optionOf(look, height), tooltip: { formatter: ({ data }: { data: [number, number] }) => tipOf(look, data[1]) } },
    label: `Process tree: ${count(all)} processes in ${count(tops)} trees`,
    height,
    table: tableOf(look),
    attach: (chart, figure) => wire(chart, figure, look, height),
  };
}

function lookOf(spec: ProcessTreeSpec, palette: Palette, width: number): Look {
  const levels: number[] = [];
  const children = spec.nodes.map(() => 0);
  for (const [, parent] of spec.nodes) {
    levels.push(parent < 0 ? 0 : (levels[parent] ?? 0) + 1);
    if (parent >= 0) children[parent] = (children[parent] ?? 0) + 1;
  }
  const colours = spec.groups.map((group, i) => (group.name === UNKNOWN ? palette.muted : (palette.series[i % palette.series.length] ?? palette.accent)));
  const deepest = Math.min(DEEPEST, levels.reduce((most, level) => Math.max(most, level), 0));
  const names = Math.min(width * (width < 620 ? 0.62 : 0.42), deepest * STEP + 230);
  const look: Look = { spec, palette, colours, levels, children, closed: new Set(), picked: new Set(), focus: -1, lines: [], rowOf: new Map(), width, names };
  listLines(look);
  return look;
}

/** The lines that are not below a closed process. */
function listLines(look: Look): void {
  const hidden = look.spec.nodes.map(() => false);
  look.lines = [];
  look.rowOf = new Map();
  look.spec.nodes.forEach((node, at) => {
    const parent = node[1];
    hidden[at] = parent >= 0 && (hidden[parent] === true || look.closed.has(parent));
    if (hidden[at]) return;
    look.rowOf.set(at, look.lines.length);
    look.lines.push({ at, level: look.levels[at] ?? 0, row: look.lines.length });
  });
}

function optionOf(look: Look, height: number): Option {
  const { palette, spec } = look;
  const shown = Math.max(1, Math.floor((height - TOP - BOTTOM) / ROW));
  const scrolls = look.lines.length > shown;
  return {
    animation: false,
    legend: { ...legendLook(palette), show: spec.groups.length > 0, top: 4, left: 0, right: 190, itemWidth: 10, itemHeight: 10, icon: "roundRect", selectedMode: false, data: spec.groups.map((group) => group.name), formatter: (name: string) => `${name.length > 26 ? `${name.slice(0, 25)}…` : name} · ${count(spec.groups.find((group) => group.name === name)?.processes ?? 0)}` },
    grid: { left: 0, right: RIGHT, top: TOP, bottom: BOTTOM },
    xAxis: { type: "value", min: 0, max: 1, show: false },
    yAxis: { type: "value", inverse: true, min: 0, max: Math.max(look.lines.length, shown), show: false },
    dataZoom: [
      { type: "inside", yAxisIndex: 0, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: true, moveOnMouseMove: false, startValue: 0, endValue: shown },
      { type: "slider", show: scrolls, yAxisIndex: 0, filterMode: "none", width: 14, right: 4, showDetail: false, brushSelect: false, ...slider(palette), startValue: 0, endValue: shown },
    ],
    series: seriesOf(look),
  };
}

function seriesOf(look: Look): Option[] {
  return [
    {
      type: "custom",
      encode: { x: [], y: 0 },
      data: look.lines.map((line) => [line.row, line.at]),
      renderItem: (params: DrawParams, api: DrawApi) => draw(look, params, api),
    },
    ...look.spec.groups.map((group, i) => ({ type: "custom", name: group.name, data: [], itemStyle: { color: look.colours[i] }, renderItem: () => undefined })),
  ];
}

function draw(look: Look, params: DrawParams, api: DrawApi): Option | undefined {
  const [row, at] = [api.value(0), api.value(1)];
  const line = look.lines[row];
  const node = look.spec.nodes[at];
  if (!line || !node) return undefined;
  const tall = api.size([0, 1])[1];
  const y = api.coord([0, row + 0.5])[1];
  const [low, high] = [params.coordSys.y, params.coordSys.y + params.coordSys.height];
  if (y < low - tall / 2 || y > high + tall / 2) return undefined;
  const colour = colourOf(look, node);
  const x = 12 + STEP * Math.min(line.level, DEEPEST);
  if (tall < READABLE) return { type: "rect", shape: { x, y: y - tall * 0.4, width: Math.max(24, look.names * 0.5), height: Math.max(1, tall * 0.8) }, style: { fill: colour, opacity: node[8] ? 0.35 : 0.85 } };
  const over = [...strokes(look, line, node, x, y, tall, low), ...texts(look, line, node, x, y), ...mark(look, at, node, x, y, colour)];
  return { type: "group", children: [...ground(look, at, y, tall), ...over.map((one) => ({ ...one, z2: OVER }))] };
}

const colourOf = (look: Look, node: ProcessNode) => (node[8] || node[7] < 0 ? look.palette.muted : (look.colours[node[7]] ?? look.palette.accent));

/** What answers to the pointer over the whole line, and shows what is marked. */
function ground(look: Look, at: number, y: number, tall: number): Option[] {
  const marked = look.picked.has(at);
  const style = marked ? { fill: look.palette.accent, opacity: 0.16 } : { fill: look.palette.grid, opacity: 0 };
  const shape = { x: 2, y: y - tall / 2, width: look.width - RIGHT - 4, height: tall - 1, r: 3 };
  const line = { type: "rect", shape, style, emphasis: { style: { fill: look.palette.grid, opacity: marked ? 0.4 : 0.7 } } };
  return look.focus === at ? [line, { type: "rect", shape, style: { fill: "none", stroke: look.palette.accent, lineWidth: 1.2 }, silent: true }] : [line];
}

/** From the parent's mark down to this line; a parent that is out of sight begins at the upper edge. */
function strokes(look: Look, line: Line, node: ProcessNode, x: number, y: number, tall: number, low: number): Option[] {
  const parent = look.rowOf.get(node[1]);
  if (parent === undefined) return [];
  const left = line.level > DEEPEST ? x - STEP / 2 : x - STEP;
  const from = Math.max(low, y - (line.row - parent) * tall + 7);
  const style = { stroke: look.palette.line, lineWidth: 1, fill: "none" };
  return [{ type: "polyline", shape: { points: [[left, from], [left, y], [x - (look.children[line.at] ? 8 : 6), y]] }, style, silent: true }];
}

function mark(look: Look, at: number, node: ProcessNode, x: number, y: number, colour: string): Option[] {
  const dot = { type: "circle", shape: { cx: x, cy: y, r: 4.5 }, style: { fill: node[8] ? look.palette.surface : colour, stroke: colour, lineWidth: 1.5 }, silent: true };
  if (!look.children[at]) return [dot];
  const sign = { text: look.closed.has(at) ? "+" : "–", x, y, textAlign: "center", textVerticalAlign: "middle", fontSize: 10, fontWeight: 700, fill: node[8] ? colour : look.palette.surface };
  return [
    { ...dot, shape: { cx: x, cy: y, r: 6 } },
    { type: "text", style: sign, silent: true },
    { type: "circle", shape: { cx: x, cy: y, r: 9 }, style: { fill: colour, opacity: 0 }, info: "toggle" },
  ];
}

function texts(look: Look, line: Line, node: ProcessNode, x: number, y: number): Option[] {
  const { palette, spec } = look;
  const text = (value: string, left: number, width: number, fill: string, size: number, weight = 400) => ({ type: "text", silent: true, style: { text: value, x: left, y, width: Math.max(20, width), overflow: "truncate", ellipsis: "…", textVerticalAlign: "middle", fill, fontSize: size, fontWeight: weight } });
  const deep = line.level > DEEPEST ? `(${line.level}) ` : "";
  const below = node[9] + (look.closed.has(line.at) ? belowOf(look, line.at) : 0);
  const label = `${deep}${nameOf(spec, node)}${node[3] === null ? "" : `  ${node[3]}`}${below ? `  +${count(below)}` : ""}`;
  const found = [text(label, x + 12, look.names - x - 20, node[8] ? palette.muted : palette.text, 12, node[8] ? 400 : 600)];
  const narrow = look.width < 620;
  let left = look.names;
  if (!narrow && node[4] !== null) found.push(text(moment(node[4]), left, 130, palette.muted, 11));
  left += narrow ? 0 : 132;
  if (!narrow && node[5] >= 0) found.push(text(spec.users[node[5]] ?? "", left, 96, palette.muted, 11));
  left += narrow || !spec.users.length ? 0 : 104;
  if (node[6] >= 0) found.push(text(spec.commands[node[6]] ?? "", left, look.width - left - RIGHT - 8, palette.text, 11));
  return found;
}

const nameOf = (spec: ProcessTreeSpec, node: ProcessNode) => spec.names[node[2]] ?? "(no name)";

/** Processes below one of the nodes, those that are counted only too. */
function belowOf(look: Look, at: number): number {
  const level = look.levels[at] ?? 0;
  let sum = 0;
  for (let next = at + 1; next < look.levels.length && (look.levels[next] ?? 0) > level; next += 1) sum += 1 + (look.spec.nodes[next]?.[9] ?? 0);
  return sum;
}

function tipOf(look: Look, at: number): HTMLElement {
  const { spec } = look;
  const node = spec.nodes[at];
  if (!node) return tip("", []);
  const pairs: [string, string][] = [];
  if (node[3] !== null) pairs.push(["process id", `${node[3]} (0x${node[3].toString(16)})`]);
  if (node[4] !== null) pairs.push(["started", `${moment(node[4])} UTC`]);
  if (node[5] >= 0) pairs.push(["user", spec.users[node[5]] ?? ""]);
  if (node[7] >= 0 && spec.group_by !== "user") pairs.push([spec.group_by, spec.groups[node[7]]?.name ?? ""]);
  pairs.push(["level", String(look.levels[at] ?? 0)], ["below", count(belowOf(look, at) + node[9])]);
  const inferred = node[8] ? "only its children tell of it" : "";
  return tip(nameOf(spec, node), pairs, [spec.commands[node[6]] ?? "", inferred].filter(Boolean).join(" · ") || undefined);
}

function tableOf(look: Look): Drawing["table"] {
  const { spec } = look;
  return {
    columns: ["Level", "Process", "Id", "Started (UTC)", "User", "Command line", "Below, not drawn"],
    rows: spec.nodes.map((node, at) => [look.levels[at] ?? 0, nameOf(spec, node), node[3] === null ? null : String(node[3]), node[4] === null ? null : moment(node[4]), spec.users[node[5]] ?? null, spec.commands[node[6]] ?? null, node[9] || null]),
  };
}

function wire(chart: Chart, figure: Figure, look: Look, height: number): () => void {
  const stage = chart.getDom();
  const redraw = () => {
    listLines(look);
    const shown = Math.max(1, Math.floor((height - TOP - BOTTOM) / ROW));
    chart.setOption({ yAxis: { max: Math.max(look.lines.length, shown) }, series: seriesOf(look) });
  };
  const tell = () => {
    const nodes = [...look.picked].sort((a, b) => a - b).map((at) => look.spec.nodes[at]).filter((node): node is ProcessNode => node !== undefined);
    figure.emit("picked", nodes.length ? { name: nameOf(look.spec, nodes[0] as ProcessNode), nodes: nodes.map((node) => node[0]) } : null);
    redraw();
  };
  const pick = (at: number, several: boolean) => {
    const had = look.picked.has(at);
    const alone = had && look.picked.size === 1;
    if (!several) look.picked.clear();
    if (had && (several || alone)) look.picked.delete(at);
    else look.picked.add(at);
    look.focus = at;
    tell();
  };
  const toggle = (at: number, open?: boolean) => {
    if (!look.children[at] || open === !look.closed.has(at)) return;
    if (look.closed.has(at)) look.closed.delete(at);
    else look.closed.add(at);
    redraw();
  };
  const go = (row: number) => {
    const line = look.lines[Math.max(0, Math.min(look.lines.length - 1, row))];
    if (!line) return;
    look.focus = line.at;
    reveal(chart, line.row);
    redraw();
    chart.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: line.row });
  };
  chart.on("click", (event) => {
    const at = (event.data as [number, number] | undefined)?.[1];
    if (at === undefined) return;
    const pressed = (event as { event?: { event?: MouseEvent } }).event?.event;
    if ((event as { info?: unknown }).info === "toggle") toggle(at);
    else pick(at, Boolean(pressed?.ctrlKey || pressed?.metaKey || pressed?.shiftKey));
  });
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    const row = look.rowOf.get(look.focus) ?? -1;
    const node = look.spec.nodes[look.focus];
    const page = Math.max(1, Math.floor((height - TOP - BOTTOM) / ROW) - 1);
    const moves: Record<string, number> = { ArrowDown: row + 1, ArrowUp: row - 1, Home: 0, End: look.lines.length - 1, PageDown: row + page, PageUp: row - page };
    const to = moves[event.key];
    if (to !== undefined) go(to);
    else if (event.key === "Escape") chart.dispatchAction({ type: "hideTip" });
    else if (!node) return;
    else if (event.key === "Enter" || event.key === " ") pick(look.focus, event.ctrlKey || event.shiftKey || event.key === " ");
    else if (event.key === "ArrowRight") look.closed.has(look.focus) ? toggle(look.focus, true) : go(look.children[look.focus] ? row + 1 : row);
    else if (event.key === "ArrowLeft") look.children[look.focus] && !look.closed.has(look.focus) ? toggle(look.focus, false) : go(look.rowOf.get(node[1]) ?? row);
    else return;
    event.preventDefault();
  };
  stage.addEventListener("keydown", onKey);
  figure.addTool("Close all that is below the second level", "Close", () => {
    look.spec.nodes.forEach((_, at) => (look.levels[at] === 1 && look.children[at] ? look.closed.add(at) : undefined));
    redraw();
  });
  figure.addTool("Open all again", "Open", () => {
    look.closed.clear();
    redraw();
  });
  return () => stage.removeEventListener("keydown", onKey);
}

/** Moves the lines so that one of them is in sight. */
function reveal(chart: Chart, row: number): void {
  const zoom = (chart.getOption().dataZoom as { startValue: number; endValue: number }[])[0];
  if (!zoom) return;
  const span = zoom.endValue - zoom.startValue;
  const start = row < zoom.startValue ? row : row + 1 > zoom.endValue ? row + 1 - span : zoom.startValue;
  if (start !== zoom.startValue) chart.dispatchAction({ type: "dataZoom", startValue: start, endValue: start + span });
}
