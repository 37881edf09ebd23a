// Where the peers are: Natural Earth land, a dot an address, an arc a pair, by direction and volume. No tile server.
import world from "../../../src/flowsleuth/viz/data/world.json";
import { bytes, count } from "../format";
import { tip } from "./dom";
import { echarts, type Chart, type Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import type { MapPoint, MapSpec, Way } from "./specs";
import { wayColour, WAY_MARKS, type Palette } from "./theme";

const WAYS: Way[] = ["inbound", "outbound", "two way"];

// Equal Earth (Šavrič, Patterson, Jenny 2018): equal areas, pleasant shape.
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const RADIAN = Math.PI / 180;
const SCALE = 100;
const SOUTH = -58; // Antarctica is left off

export function project([lon, lat]: number[]): [number, number] {
  const p = Math.asin(M * Math.sin((lat ?? 0) * RADIAN));
  const p2 = p * p;
  const p6 = p2 * p2 * p2;
  const x = ((lon ?? 0) * RADIAN * Math.cos(p)) / (M * (A1 + 3 * A2 * p2 + p6 * (7 * A3 + 9 * A4 * p2)));
  return [x * SCALE, -p * (A1 + A2 * p2 + p6 * (A3 + A4 * p2)) * SCALE];
}

function unproject([x, y]: number[]): [number, number] {
  const [u, v] = [(x ?? 0) / SCALE, -(y ?? 0) / SCALE];
  let p = v;
  for (let i = 0; i < 12; i += 1) {
    const p2 = p * p;
    const p6 = p2 * p2 * p2;
    p -= (p * (A1 + A2 * p2 + p6 * (A3 + A4 * p2)) - v) / (A1 + 3 * A2 * p2 + p6 * (7 * A3 + 9 * A4 * p2));
  }
  const p2 = p * p;
  const lon = (M * u * (A1 + 3 * A2 * p2 + p2 * p2 * p2 * (7 * A3 + 9 * A4 * p2))) / Math.cos(p);
  return [lon / RADIAN, Math.asin(Math.sin(p) / M) / RADIAN];
}

let registered = false;
function register(): void {
  if (registered) return;
  const features = world.countries.map(({ name, rings }) => ({
    type: "Feature",
    properties: { name },
    geometry: { type: "MultiPolygon", coordinates: rings.map(pairs).filter((points) => points.some(([, lat]) => (lat ?? 0) > SOUTH)).map((points) => [points]) },
  })).filter((land) => land.geometry.coordinates.length);
  echarts.registerMap("fs-world", { type: "FeatureCollection", features } as never);
  registered = true;
}

function pairs(ring: number[]): number[][] {
  const points: number[][] = [];
  for (let i = 0; i < ring.length; i += 2) points.push([ring[i] ?? 0, ring[i + 1] ?? 0]);
  if (points[0]) points.push(points[0]);
  return points;
}

/** The land, to be moved and zoomed. */
export function geo(palette: Palette, deepest = 24): Option {
  register();
  return {
    map: "fs-world",
    roam: true,
    scaleLimit: { min: 1, max: deepest },
    projection: { project, unproject },
    top: 8, bottom: 8, left: 8, right: 8,
    itemStyle: { areaColor: palette.land, borderColor: palette.coast, borderWidth: 0.6 },
    emphasis: { disabled: true },
    select: { disabled: true },
    silent: true,
  };
}

export function map(spec: MapSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const most = Math.max(1, ...spec.arcs.map((arc) => Number(arc.bytes ?? 0)));
  const width = (arc: MapSpec["arcs"][number]) => 1 + 3 * (Math.log1p(Number(arc.bytes ?? 0)) / Math.log1p(most));
  return {
    option: {
      legend: { data: WAYS.filter((way) => spec.arcs.some((arc) => arc.kind === way)), left: 8, bottom: 6, textStyle: { color: palette.muted, fontSize: 11 }, itemWidth: 18, itemHeight: 3, icon: "rect" },
      tooltip: {},
      geo: geo(palette),
      series: [
        ...WAYS.map((way) => ({
          type: "lines",
          name: way,
          coordinateSystem: "geo",
          z: 3,
          color: wayColour(palette, way),
          itemStyle: { color: wayColour(palette, way) },
          data: spec.arcs.filter((arc) => arc.kind === way).map((arc) => ({
            arc,
            coords: [[arc.from.lon, arc.from.lat], [arc.to.lon, arc.to.lat]],
            lineStyle: { color: wayColour(palette, way), width: width(arc), opacity: 0.75, curveness: 0.25, type: way === "inbound" ? [6, 3] : "solid" },
          })),
          symbol: way === "two way" ? ["arrow", "arrow"] : ["none", "arrow"],
          symbolSize: 7,
          tooltip: { formatter: ({ data }: { data: { arc: MapSpec["arcs"][number] } }) => arcTip(data.arc) },
          emphasis: { lineStyle: { opacity: 1, width: 4 } },
        })),
        {
          type: "scatter",
          name: "addresses",
          coordinateSystem: "geo",
          z: 4,
          data: [...spec.points].sort((a, b) => Number(isCentre(a)) - Number(isCentre(b))).map((point) => ({
            value: [point.lon, point.lat],
            point,
            symbol: isCentre(point) ? "diamond" : "circle",
            symbolSize: isCentre(point) ? 15 : 9,
            itemStyle: { color: isCentre(point) ? palette.accent : palette.external, borderColor: palette.surface, borderWidth: 1.5 },
          })),
          tooltip: { formatter: ({ data }: { data: { point: MapPoint } }) => pointTip(data.point) },
          emphasis: { scale: 1.4 },
        },
      ],
    },
    label: `World map of ${spec.points.length} addresses and ${spec.arcs.length} connections between them`,
    height: size.height || Math.max(220, Math.min(470, size.width * 0.5)),
    table: {
      columns: ["From", "To", "Direction", "Bytes", "Connections"],
      rows: spec.arcs.map((arc) => [nameOf(arc.from), nameOf(arc.to), arc.kind, bytes(arc.bytes), count(arc.connections)]),
    },
    attach: wire,
  };
}

const isCentre = (point: MapPoint) => /^(target|self|investigated|centre|source)$/i.test(point.role ?? "");
const nameOf = (point: MapPoint) => [point.ip, point.label].filter(Boolean).join(" · ") || `${point.lat}, ${point.lon}`;

function arcTip(arc: MapSpec["arcs"][number]): HTMLElement {
  return tip(`${arc.from.ip ?? ""} ${WAY_MARKS[arc.kind] === "↔" ? "↔" : "→"} ${arc.to.ip ?? ""}`, [["direction", arc.kind], ["bytes", bytes(arc.bytes)], ["connections", count(arc.connections)]]);
}

function pointTip(point: MapPoint): HTMLElement {
  return tip(point.ip ?? point.label ?? "", [["place", point.label ?? "–"], ...(point.role ? [["role", point.role] as [string, string]] : []), ["position", `${point.lat.toFixed(2)}, ${point.lon.toFixed(2)}`]]);
}

function wire(chart: Chart, figure: Figure): void {
  figure.addTool("Show the whole world again", "World", () => figure.redraw());
  chart.on("click", (event) => {
    const point = (event.data as { point?: MapPoint } | undefined)?.point;
    if (point?.ip) figure.emit("picked", { name: point.ip });
  });
}
