// How an incident unfolds: the address, the three directions, the networks and peers behind them.
import { bytes, count } from "../format";
import { tip } from "./dom";
import type { Drawing } from "./host";
import type { TreeNode, TreeSpec } from "./specs";
import { type Palette } from "./theme";

const ROW = 30;

const leaves = (node: TreeNode): number => (node.children?.length ? shownOf(node).reduce((sum, child) => sum + leaves(child), 0) : 1);
const depth = (node: TreeNode): number => 1 + Math.max(0, ...(node.children ?? []).map(depth));

function wayOf(name: string, palette: Palette): string | null {
  if (/^in/i.test(name)) return palette.inbound;
  if (/^out/i.test(name)) return palette.outbound;
  if (/^two/i.test(name)) return palette.both;
  return null;
}

/** Ways without peers stand in the table, not in the drawing. */
function shownOf(node: TreeNode): TreeNode[] {
  const children = node.children ?? [];
  const filled = children.filter((child) => child.role !== "way" || child.peers !== 0);
  return filled.length ? filled : children;
}

export function tree(spec: TreeSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const decorate = (node: TreeNode, level: number, inherited: string): object => {
    const colour = level === 1 ? (wayOf(node.name, palette) ?? inherited) : inherited;
    return {
      ...node,
      label: level === 0 ? { fontWeight: 600, fontSize: 13, position: "left", align: "right", verticalAlign: "middle", distance: 8 } : {},
      itemStyle: { color: node.children?.length ? colour : palette.surface, borderColor: colour, borderWidth: 1.5 },
      lineStyle: { color: colour, opacity: 0.55 },
      children: shownOf(node).map((child) => decorate(child, level + 1, colour)),
    };
  };
  const rows: (string | null)[][] = [];
  const list = (node: TreeNode, path: string[]) => {
    rows.push([[...path, node.name].join(" › "), node.note ?? "", count(node.peers), count(node.connections), bytes(node.bytes)]);
    for (const child of node.children ?? []) list(child, [...path, node.name]);
  };
  list(spec.root, []);
  const levels = depth(spec.root);
  const leafRoom = Math.min(280, Math.max(110, size.width * 0.27));
  const column = Math.max(90, (size.width - leafRoom - 140) / Math.max(1, levels - 1));
  return {
    option: {
      tooltip: { formatter: ({ data }: { data: TreeNode }) => tip(data.name, facts(data), data.note || undefined) },
      series: [
        {
          type: "tree",
          data: [decorate(spec.root, 0, palette.accent)],
          orient: "LR",
          left: 20 + Math.min(150, spec.root.name.length * 7.5),
          right: leafRoom,
          top: 22,
          bottom: 14,
          symbol: "circle",
          symbolSize: 9,
          initialTreeDepth: leaves(spec.root) > 60 ? 2 : -1,
          edgeShape: "curve",
          lineStyle: { width: 1.4, curveness: 0.6 },
          label: { position: "top", align: "center", verticalAlign: "bottom", distance: 5, color: palette.text, fontSize: 12, width: column * 0.94, overflow: "truncate", textBorderColor: palette.surface, textBorderWidth: 3, formatter: text },
          leaves: { label: { position: "right", align: "left", verticalAlign: "middle", distance: 8, width: leafRoom - 22, overflow: "truncate", formatter: text } },
          emphasis: { focus: "ancestor" },
          expandAndCollapse: true,
          animationDurationUpdate: 250,
        },
      ],
    },
    label: `Incident progression of ${spec.root.name}`,
    height: size.height || Math.max(200, Math.min(900, leaves(spec.root) * ROW + 40)),
    table: { columns: ["Branch", "Note", "Peers", "Connections", "Bytes"], rows },
  };
}

function facts(node: TreeNode): [string, string][] {
  if (node.connections === undefined) return [];
  return [["peers", count(node.peers)], ["connections", count(node.connections)], ["bytes", bytes(node.bytes)]];
}

function text({ data }: { data: TreeNode }): string {
  if (data.role === "way" || data.role === "network") return `${data.name} (${count(data.peers)})`;
  return data.note ? `${data.name}  ·  ${data.note}` : data.name;
}
