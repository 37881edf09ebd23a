// Entities and what they have to do with one another: a shape and a colour per kind, arrows with their words.
import { count } from "../format";
import { symbol } from "./clusters";
import { factsOf, tip } from "./dom";
import type { Chart } from "./echarts";
import type { Drawing, Figure } from "./host";
import { walk } from "./keys";
import { layOut } from "./layout";
import { pairsOf, told, wordOf } from "./measures";
import type { Related, RelationsSpec } from "./specs";
import { legendLook, type Palette } from "./theme";

const CORNERS: Record<string, [corners: number, turn: number]> = { host: [4, 0.5], address: [4, 0], alert: [3, 0], domain: [6, 0], process: [5, 0] };
const SIZES = [15, 36] as const;
const NAMED_EDGES = 24; // with more of them, words are shown when pointed at
const NAMED = 40;
const [TOP, BOTTOM, SIDE] = [56, 44, 84];

type Edge = RelationsSpec["edges"][number];

export function relations(spec: RelationsSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const kinds = spec.kinds.map((one) => one.kind);
  const most = Math.max(1, ...spec.nodes.map((node) => node.values[0] ?? 0));
  const heaviest = Math.max(1, ...spec.edges.map((edge) => edge.values[0] ?? 0));
  const counts = new Map(spec.kinds.map((one) => [one.kind, one.nodes]));
  const height = size.height || spec.look?.height || Math.min(600, Math.max(340, size.width * 0.56));
  const number = new Map(spec.nodes.map((node, i) => [node.id, i]));
  const pairs = spec.edges.map((edge): [number, number] => [number.get(edge.source) ?? 0, number.get(edge.target) ?? 0]);
  const [wide, tall] = [Math.max(100, size.width - 2 * SIDE), height - TOP - BOTTOM];
  const at = layOut(spec.nodes.length, pairs, wide, tall);
  return {
    option: {
      legend: { ...legendLook(palette), top: 4, left: 0, right: 110, itemWidth: 12, itemHeight: 12, data: kinds.map((kind) => ({ name: kind, icon: symbolOf(kind), itemStyle: { color: colourOf(palette, kind) } })), formatter: (kind: string) => `${kind} · ${count(counts.get(kind) ?? 0)}` },
      tooltip: { formatter: ({ dataType, data }: { dataType: string; data: { node: Related; edge: Edge } }) => (dataType === "edge" ? edgeTip(spec, data.edge) : nodeTip(spec, data.node)) },
      series: [
        {
          type: "graph",
          layout: "none",
          top: TOP, left: SIDE, width: wide, height: tall,
          roam: true,
          draggable: true,
          scaleLimit: { min: 0.3, max: 8 },
          categories: kinds.map((name) => ({ name, itemStyle: { color: colourOf(palette, name) } })),
          autoCurveness: true, // several relations of a pair side by side
          edgeSymbol: ["none", spec.is_directed === false ? "none" : "arrow"],
          edgeSymbolSize: 8,
          data: spec.nodes.map((node, i) => ({
            id: node.id,
            name: node.label,
            node,
            x: at[i]?.[0],
            y: at[i]?.[1],
            category: kinds.indexOf(node.kind),
            symbol: symbolOf(node.kind),
            symbolSize: SIZES[0] + (SIZES[1] - SIZES[0]) * Math.sqrt((node.values[0] ?? 0) / most),
            itemStyle: edgeOf(palette, node),
            label: { show: node.is_centre || i < NAMED, fontWeight: node.is_centre ? 700 : 400 },
          })),
          links: spec.edges.map((edge) => ({
            source: edge.source,
            target: edge.target,
            edge,
            lineStyle: { color: `${palette.muted}cc`, width: 1 + 2 * (Math.log1p(edge.values[0] ?? 0) / Math.log1p(heaviest)) },
            label: { show: spec.edges.length <= NAMED_EDGES && edge.label !== "" },
          })),
          label: { position: "bottom", color: palette.text, fontSize: 11, distance: 5, width: 150, overflow: "truncate", textBorderColor: palette.surface, textBorderWidth: 3 },
          edgeLabel: { color: palette.muted, opacity: 1, fontSize: 10, formatter: ({ data }: { data: { edge: Edge } }) => data.edge.label, textBorderColor: palette.surface, textBorderWidth: 3 },
          emphasis: { focus: "adjacency", scale: 1.12, label: { show: true }, lineStyle: { color: palette.accent, opacity: 1 }, edgeLabel: { show: true } },
          blur: { itemStyle: { opacity: 0.2 }, lineStyle: { opacity: 0.08 }, label: { opacity: 0.2 } },
        },
      ],
    },
    label: `${count(spec.edges.length)} relations between ${spec.kinds.map((one) => `${count(one.nodes)} of kind ${one.kind}`).join(", ")}`,
    height,
    maxWidth: spec.look?.width,
    table: {
      columns: ["From", "Relation", "To", ...spec.edge_measures.map((name) => wordOf(name).replace(/^./, (c) => c.toUpperCase()))],
      rows: rowsOf(spec),
    },
    attach: (chart, figure) => wire(chart, figure, spec),
  };
}

const symbolOf = (kind: string) => (CORNERS[kind] ? symbol(...CORNERS[kind]) : "circle");

/** The colour of a kind; kinds that are not known get one by their name, always the same. */
function colourOf(palette: Palette, kind: string): string {
  const colours: Record<string, string> = { host: palette.host, account: palette.both, address: palette.outbound, alert: palette.inbound, domain: palette.accent };
  const sum = [...new TextEncoder().encode(kind)].reduce((all, byte) => all + byte, 0);
  return colours[kind] ?? palette.series[sum % palette.series.length] ?? palette.unknown;
}

/** A threat has a red edge, the centre one of the accent. */
function edgeOf(palette: Palette, node: Related): object {
  if (node.severity) return { borderColor: palette.threat, borderWidth: 3 };
  return node.is_centre ? { borderColor: palette.text, borderWidth: 2.5 } : { borderColor: palette.surface, borderWidth: 1.5 };
}

function nodeTip(spec: RelationsSpec, node: Related): HTMLElement {
  const facts: [string, string][] = [["kind", node.kind]];
  if (node.label !== node.id) facts.push(["id", node.id]);
  if (node.severity) facts.push(["threat", node.severity]);
  return tip(node.label, [...facts, ...pairsOf(spec.measures, node.values), ...factsOf(node.facts)]);
}

const edgeTip = (spec: RelationsSpec, edge: Edge) => tip(`${labelOf(spec, edge.source)} ${edge.label || "→"} ${labelOf(spec, edge.target)}`, [...pairsOf(spec.edge_measures, edge.values), ...factsOf(edge.facts)]);
const labelOf = (spec: RelationsSpec, id: string) => spec.nodes.find((node) => node.id === id)?.label ?? id;

/** A row per relation; entities without one have a row of their own. */
function rowsOf(spec: RelationsSpec): (string | number | null)[][] {
  const rows: (string | number | null)[][] = spec.edges.map((edge) => [labelOf(spec, edge.source), edge.label || null, labelOf(spec, edge.target), ...spec.edge_measures.map((name, i) => told(name, edge.values[i]))]);
  const joined = new Set(spec.edges.flatMap((edge) => [edge.source, edge.target]));
  return [...rows, ...spec.nodes.filter((node) => !joined.has(node.id)).map((node) => [node.label, null, null, ...spec.edge_measures.map(() => null)])];
}

function wire(chart: Chart, figure: Figure, spec: RelationsSpec): () => void {
  const pick = (node: Related | undefined) => node && figure.emit("picked", { name: node.id, label: node.label, kind: node.kind });
  chart.on("click", (event) => pick((event.data as { node?: Related } | undefined)?.node));
  figure.addTool("Centre the graph again", "Centre", () => figure.redraw());
  return walk(chart, () => spec.nodes.map((_, dataIndex) => ({ seriesIndex: 0, dataIndex })), ({ dataIndex }) => pick(spec.nodes[dataIndex]));
}
