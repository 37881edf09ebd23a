// Who sent how much to whom: arcs are addresses, ribbons the bytes one sent to the other. Drag or arrow keys rotate it.
import { bytes, count } from "../format";
import { tip } from "./dom";
import type { Chart } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { ChordSpec } from "./specs";
import type { Palette } from "./theme";

const CROWDED = 10; // above so many addresses, labels of small ones are hidden
const SMALL = 0.005;
const STEP = 10; // degrees an arrow key turns

export function chord(spec: ChordSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const traffic = new Map(spec.nodes.map((node) => [node.name, { sent: 0, got: 0 }]));
  for (const link of spec.links) {
    const amount = Number(link.bytes ?? 0);
    const from = traffic.get(link.source);
    const to = traffic.get(link.target);
    if (from) from.sent += amount;
    if (to) to.got += amount;
  }
  const total = spec.links.reduce((sum, link) => sum + Number(link.bytes ?? 0), 0) || 1;
  const share = (name: string) => {
    const one = traffic.get(name);
    return one ? (one.sent + one.got) / (2 * total) : 0;
  };
  const crowded = spec.nodes.length > CROWDED;
  return {
    option: {
      tooltip: { formatter: (p: { dataType: string; data: Record<string, unknown>; name: string }) => tooltip(p, spec, traffic, total) },
      series: [
        {
          type: "chord",
          startAngle: 90,
          padAngle: spec.nodes.length > 30 ? 1 : 3,
          minAngle: 1.2,
          radius: ["66%", "73%"],
          center: ["50%", "50%"],
          labelLayout: { hideOverlap: true },
          label: { color: palette.text, fontSize: 11, distance: 8, minMargin: 4 },
          data: spec.nodes.map((node, i) => ({
            name: node.name,
            label: { show: !crowded || share(node.name) >= SMALL },
            itemStyle: { color: node.name === spec.focus ? palette.accent : palette.series[(i + 1) % palette.series.length] },
          })),
          links: spec.links.map((link) => ({ source: link.source, target: link.target, value: Number(link.bytes ?? 0), bytes: link.bytes, packets: link.packets })),
          lineStyle: { opacity: 0.35, color: "source" },
          emphasis: { focus: "adjacency", lineStyle: { opacity: 0.75 }, label: { show: true } },
          blur: { itemStyle: { opacity: 0.15 }, lineStyle: { opacity: 0.05 }, label: { opacity: 0.15 } },
        },
      ],
    },
    label: `Chord diagram of the bytes between ${spec.nodes.length} addresses`,
    height: Math.min(460, Math.max(300, size.width * 0.6)),
    table: {
      columns: ["From", "To", "Bytes sent", "Packets sent"],
      rows: spec.links.map((link) => [link.source, link.target, bytes(link.bytes), count(link.packets)]),
    },
    attach: rotate,
  };
}

type Traffic = Map<string, { sent: number; got: number }>;

function tooltip(p: { dataType: string; data: Record<string, unknown>; name: string }, spec: ChordSpec, traffic: Traffic, total: number): HTMLElement {
  if (p.dataType === "edge") {
    const { source, target } = p.data as { source: string; target: string };
    const back = spec.links.find((link) => link.source === target && link.target === source);
    const pairs: [string, string][] = [[`${source} sent`, bytes(p.data.bytes as number)], [`${target} sent`, bytes(back?.bytes ?? 0)]];
    if (p.data.packets !== undefined && p.data.packets !== null) pairs.push(["packets", count(p.data.packets as number)]);
    return tip(`${source} → ${target}`, [...pairs, ["share of all", percent(Number(p.data.bytes ?? 0) / total)]]);
  }
  const one = traffic.get(p.name) ?? { sent: 0, got: 0 };
  return tip(p.name, [["Out (sent)", bytes(one.sent)], ["In (received)", bytes(one.got)], ["share of all", percent((one.sent + one.got) / (2 * total))]]);
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

function rotate(chart: Chart, figure: Figure): () => void {
  let angle = 90;
  let held: number | null = null;
  const stage = chart.getDom();
  const turn = (by: number) => {
    angle = (((angle + by) % 360) + 360) % 360;
    chart.setOption({ animation: false, series: [{ startAngle: angle }] });
  };
  const bearing = (event: { offsetX: number; offsetY: number }) =>
    (Math.atan2(event.offsetY - stage.clientHeight / 2, event.offsetX - stage.clientWidth / 2) * 180) / Math.PI;
  const zr = chart.getZr();
  zr.on("mousedown", (event) => {
    held = bearing(event);
  });
  zr.on("mousemove", (event) => {
    if (held === null) return;
    const now = bearing(event);
    turn(held - now);
    held = now;
  });
  const release = () => {
    held = null;
  };
  zr.on("mouseup", release);
  window.addEventListener("pointerup", release);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    turn(event.key === "ArrowLeft" ? STEP : -STEP);
  };
  stage.addEventListener("keydown", onKey);
  chart.on("click", (event) => {
    if ((event as { dataType?: string }).dataType === "node") figure.emit("picked", { name: event.name });
  });
  return () => {
    window.removeEventListener("pointerup", release);
    stage.removeEventListener("keydown", onKey);
  };
}
