// Who is in the queue with whom: a diamond is an internal address, a circle an external one; area by suspects,
// a line's strength by the strongest suspect of the pair.
import { count } from "../format";
import { tip } from "./dom";
import type { Chart } from "./echarts";
import { calm, type Drawing, type Figure } from "./host";
import type { NetworkSpec } from "./specs";
import type { Palette } from "./theme";

const LABELLED = 14; // the largest nodes wear their name
const SIZES = [9, 34] as const; // of a node, in a graph of up to FEW
const FEW = 25;

export function network(spec: NetworkSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const most = Math.max(1, ...spec.nodes.map((node) => node.suspects));
  const weights = spec.edges.map((edge) => edge.weight);
  const low = Math.min(...weights);
  const high = Math.max(...weights);
  const strength = (weight: number) => (high > low ? (weight - low) / (high - low) : 1);
  const named = new Set([...spec.nodes].sort((a, b) => b.suspects - a.suspects).slice(0, LABELLED).map((node) => node.id));
  const many = spec.nodes.length > 60;
  const shrink = Math.max(0.4, Math.min(1, Math.sqrt(FEW / spec.nodes.length)));
  // a small window gets a dense graph, a large one uses its room
  const spread = Math.min(220, Math.max(14, Math.sqrt((size.width * (size.height || size.width)) / Math.max(4, spec.nodes.length)) * 0.85));
  return {
    option: {
      tooltip: { formatter: (p: { dataType: string; data: Record<string, unknown> }) => tooltip(p) },
      series: [
        {
          type: "graph",
          layout: "force",
          roam: true,
          draggable: true,
          scaleLimit: { min: 0.3, max: 8 },
          zoom: many ? 0.75 : 0.9,
          labelLayout: { hideOverlap: true },
          force: { repulsion: spread * (many ? 0.9 : 5), edgeLength: [spread * 0.45, spread * (many ? 0.8 : 1.05)], gravity: many ? 0.2 : 0.16, friction: 0.25, layoutAnimation: !calm() && !many },
          data: spec.nodes.map((node) => ({
            id: node.id,
            name: node.id,
            value: node.suspects,
            is_internal: node.is_internal,
            symbol: node.is_internal ? "diamond" : "circle",
            symbolSize: shrink * (SIZES[0] + (SIZES[1] - SIZES[0]) * Math.sqrt(node.suspects / most)),
            itemStyle: { color: node.is_internal ? palette.internal : palette.external, borderColor: palette.surface, borderWidth: 1.5 },
            label: { show: named.has(node.id) },
          })),
          links: spec.edges.map((edge) => ({
            source: edge.source,
            target: edge.target,
            value: edge.weight,
            suspects: edge.suspects,
            lineStyle: { opacity: 0.18 + 0.72 * strength(edge.weight), width: 1 + 1.6 * strength(edge.weight), color: palette.muted },
          })),
          label: { position: "bottom", color: palette.text, fontSize: 11, distance: 3, textBorderColor: palette.surface, textBorderWidth: 2, minMargin: 2 },
          emphasis: { focus: "adjacency", scale: 1.15, label: { show: true }, lineStyle: { color: palette.accent, opacity: 1, width: 2.5 } },
          blur: { itemStyle: { opacity: 0.2 }, lineStyle: { opacity: 0.05 }, label: { opacity: 0.15 } },
        },
      ],
    },
    label: `Network of ${spec.nodes.length} addresses and ${spec.edges.length} pairs in the queue; diamonds are internal`,
    height: Math.min(560, Math.max(280, size.width * 0.7)),
    table: {
      columns: ["Address", "Where", "Suspects", "Talks with"],
      rows: spec.nodes.map((node) => [node.id, node.is_internal ? "internal" : "external", count(node.suspects), peersOf(spec, node.id)]),
    },
    attach: wire,
  };
}

function peersOf(spec: NetworkSpec, id: string): string {
  const peers = spec.edges.flatMap((edge) => (edge.source === id ? [edge.target] : edge.target === id ? [edge.source] : []));
  return peers.length > 6 ? `${peers.slice(0, 6).join(", ")} and ${peers.length - 6} more` : peers.join(", ");
}

function tooltip({ dataType, data }: { dataType: string; data: Record<string, unknown> }): HTMLElement {
  if (dataType === "edge") {
    return tip(`${data.source} – ${data.target}`, [["suspects", count(data.suspects as number)], ["highest score", Number(data.value).toFixed(3)]]);
  }
  return tip(String(data.name), [["where", data.is_internal ? "internal" : "external"], ["suspects", count(data.value as number)]], "click: chord · right click: filter");
}

function wire(chart: Chart, figure: Figure): () => void {
  const stage = chart.getDom();
  const quiet = (event: Event) => event.preventDefault();
  stage.addEventListener("contextmenu", quiet);
  const isNode = (event: unknown) => (event as { dataType?: string }).dataType === "node";
  chart.on("click", (event) => isNode(event) && figure.emit("picked", { name: event.name }));
  chart.on("contextmenu", (event) => isNode(event) && figure.emit("filtered", { name: event.name }));
  chart.on("mouseover", (event) => isNode(event) && figure.emit("hovered", { name: event.name }));
  chart.on("mouseout", (event) => isNode(event) && figure.emit("hovered", null));
  figure.addTool("Centre the network again", "Centre", () => figure.redraw());
  return () => stage.removeEventListener("contextmenu", quiet);
}
