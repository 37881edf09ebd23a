// Where addresses are: a shape and a colour per kind, sized by flows. Near ones are a ring with how many addresses they are;
// a click or Enter opens it. Offline: Natural Earth land, no tile server.
import { count, plural, short } from "../format";
import { clustered, corners, fan, slices, symbol, type Cluster, type Point } from "./clusters";
import { factsOf, tip } from "./dom";
import type { Chart, Option } from "./echarts";
import type { Drawing, Figure } from "./host";
import { walk, type Stop } from "./keys";
import { geo, project } from "./map";
import { pairsOf, sums, told } from "./measures";
import type { Marker, PlaceKind, PlacesSpec } from "./specs";
import { legendLook, nameColour, type Palette } from "./theme";

const NEAR = 44;
const [SMALL, LARGE] = [5, 14];
const [RING_SMALL, RING_LARGE] = [15, 20];
const OFF_HOST = 32; // pixels between a host and a mark near it
const RING = 4;
const DEEPEST = 400; // zoom
const OPEN_ROOM = 0.6; // of the view, that an opened cluster fills
const LISTED = 5;
const EDGE = 20; // marks so far outside of the view are still drawn
const CORNERS: Partial<Record<PlaceKind, [corners: number, turn: number]>> = { host: [4, 0], outbound: [3, 0], inbound: [3, 0.5], unknown: [4, 0.5], threat: [8, 0.5] };

/** One mark on the screen: a marker, or a cluster of them. */
interface Mark {
  at: Point;
  members: number[];
}

export function places(spec: PlacesSpec, palette: Palette, size: { width: number; height: number }): Drawing {
  const kinds = spec.kinds.map((one) => one.kind);
  const addresses = new Map(spec.kinds.map((one) => [one.kind as string, one.addresses]));
  return {
    option: {
      legend: {
        data: kinds.map((kind) => ({ name: kind, icon: iconOf(kind), itemStyle: { color: colourOf(palette, kind, spec) } })),
        ...legendLook(palette), left: 8, right: 8, bottom: 2, itemWidth: 13, itemHeight: 13, itemGap: 16,
        formatter: (kind: string) => `${kind} · ${plural(addresses.get(kind) ?? 0, ...nounOf(spec))}`,
      },
      tooltip: { formatter: ({ data }: { data: { members?: number[] } }) => (data.members ? markTip(spec, data.members) : "") },
      geo: { ...geo(palette, DEEPEST), bottom: 34, ...viewOf(spec) },
      series: [
        // the legend needs a series of each kind; the marks themselves are of the last one
        ...kinds.map((kind) => ({ type: "custom", name: kind, coordinateSystem: "none", data: [], renderItem: () => undefined, itemStyle: { color: colourOf(palette, kind, spec) } })),
        { type: "custom", name: "marks", coordinateSystem: "none", z: 5, data: [], renderItem: () => undefined, animation: false },
      ],
    },
    label: `World map: ${spec.kinds.map((one) => `${one.kind} ${plural(one.addresses, ...nounOf(spec))}`).join(", ")}`,
    height: size.height || spec.look?.height || Math.max(260, Math.min(520, size.width * 0.53)),
    maxWidth: spec.look?.width,
    table: {
      columns: ["Addresses", "Kind", "Direction", "Place", "AS", "Threat", ...spec.measures.map((name) => name.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase()))],
      rows: spec.markers.map((one) => [namesOf(one), one.kind, one.way, one.places.join(", ") || null, one.as_names.join(", ") || null, one.severities.join(", ") || null, ...spec.measures.map((name, i) => told(name, one.values[i]))]),
    },
    attach: (chart, figure) => wire(chart, figure, spec, palette),
  };
}

function colourOf(palette: Palette, kind: string, spec?: PlacesSpec): string {
  const at = spec?.kinds.findIndex((one) => one.kind === kind) ?? -1;
  const asked = spec?.kinds[at]?.colour;
  if (asked) return asked;
  const colours: Record<string, string> = { host: palette.host, outbound: palette.outbound, inbound: palette.both, "two way": palette.external, threat: palette.threat };
  return colours[kind] ?? (at < 0 ? palette.unknown : nameColour(palette, kind, at));
}

function cornersOf(kind: PlaceKind, radius: number, at: Point): Point[] {
  const [many, turn] = CORNERS[kind] ?? [28, 0];
  return corners(many, turn, radius * (many < 5 ? 1.25 : 1.05), at); // about the area of the circle
}

function iconOf(kind: PlaceKind): string {
  const shape = CORNERS[kind];
  return shape ? symbol(...shape) : "circle";
}

/** Where the map begins; ECharts wants the centre as projected, not in degrees. */
const viewOf = ({ view }: PlacesSpec): Option => (view ? { center: project([view.lon, view.lat]), zoom: Math.max(1, Math.min(DEEPEST, view.zoom)) } : {});

const nounOf = (spec: PlacesSpec): [string, string] => spec.noun ?? ["address", "addresses"];

function namesOf(marker: Marker): string {
  const listed = marker.ips.slice(0, LISTED);
  const more = marker.addresses - listed.length;
  return listed.join(", ") + (more > 0 ? ` and ${count(more)} more` : "");
}

const threatText = (marker: Marker) => marker.severities.join(", ");

function markTip(spec: PlacesSpec, members: number[]): HTMLElement {
  const all = members.map((i) => spec.markers[i] as Marker);
  const [one] = all;
  if (one && all.length === 1) {
    const facts: [string, string][] = [["place", one.places.join(", ") || "not named"]];
    if (one.as_names.length) facts.push(["AS", one.as_names.join(", ")]);
    if (one.kind === "host" || one.way !== "unknown" || !one.facts) facts.push(["direction", one.kind === "host" ? "the host" : one.way]);
    if (one.severities.length) facts.push(["threat", threatText(one)]);
    return tip(namesOf(one), [...facts, ...pairsOf(spec.measures, one.values), ...factsOf(one.facts)]);
  }
  const parts = [...partsOf(all)].map(([kind, number]): [string, string] => [kind, plural(number, ...nounOf(spec))]);
  const total = all.reduce((sum, marker) => sum + marker.addresses, 0);
  return tip(`${plural(total, ...nounOf(spec))} near one another`, [...parts, ...pairsOf(spec.measures, sums(spec.measures, all.map((marker) => marker.values)))], "click to open");
}

function partsOf(markers: Marker[]): Map<string, number> {
  const parts = new Map<string, number>();
  for (const marker of markers) parts.set(marker.kind, (parts.get(marker.kind) ?? 0) + marker.addresses);
  return parts;
}

/** What is on the screen now: clusters, marks of one place around it, and the hosts, which always stand alone. */
function marksOf(spec: PlacesSpec, points: Point[], hidden: Set<string>, shares: number[]): Mark[] {
  const which = spec.markers.map((_, i) => i).filter((i) => !hidden.has(spec.markers[i]?.kind ?? ""));
  const hosts = which.filter((i) => spec.markers[i]?.kind === "host");
  const others = which.filter((i) => spec.markers[i]?.kind !== "host");
  const taken = hosts.map((i) => points[i] as Point);
  const found = clustered(points, others, NEAR, taken, OFF_HOST).flatMap((cluster) => split(spec, cluster, shares));
  return [...found.reverse(), ...hosts.map((i): Mark => ({ at: points[i] as Point, members: [i] }))];
}

function split(spec: PlacesSpec, { at, members }: Cluster, shares: number[]): Mark[] {
  const [first] = members.map((i) => spec.markers[i] as Marker);
  const same = members.every((i) => spec.markers[i]?.lat === first?.lat && spec.markers[i]?.lon === first?.lon);
  if (!same) return [{ at, members }];
  const radii = members.map((i) => radiusOf(shares[i] ?? 0));
  return fan(at, radii).map((place, i) => ({ at: place, members: [members[i] as number] }));
}

const radiusOf = (share: number) => SMALL + (LARGE - SMALL) * share;

function shapeOf(spec: PlacesSpec, palette: Palette, mark: Mark, shares: number[]): Option {
  const members = mark.members.map((i) => spec.markers[i] as Marker);
  const [one] = members;
  if (one && members.length === 1) {
    const radius = radiusOf(shares[mark.members[0] ?? 0] ?? 0);
    const style = { fill: colourOf(palette, one.kind, spec), opacity: 0.92, stroke: palette.surface, lineWidth: 1 };
    const body = CORNERS[one.kind] ? { type: "polygon", shape: { points: cornersOf(one.kind, radius, mark.at) }, style } : { type: "circle", shape: { cx: mark.at[0], cy: mark.at[1], r: radius }, style };
    return { type: "group", children: [body, ...(one.kind === "threat" ? [circle(mark.at, radius + 4, palette.threat)] : [])] };
  }
  const share = Math.min(1, Math.hypot(...mark.members.map((i) => shares[i] ?? 0))); // areas add up
  const radius = RING_SMALL + (RING_LARGE - RING_SMALL) * share;
  const [cx, cy] = mark.at;
  const total = members.reduce((sum, marker) => sum + marker.addresses, 0);
  const ring = slices(partsOf(members)).map(([kind, startAngle, endAngle]) => ({ type: "sector", shape: { cx, cy, r: radius, r0: radius - RING, startAngle, endAngle, clockwise: true }, style: { fill: colourOf(palette, kind, spec) } }));
  return {
    type: "group",
    children: [
      { type: "circle", shape: { cx, cy, r: radius + 1 }, style: { fill: palette.raised, opacity: 0.95 } },
      ...ring,
      ...(members.some((marker) => marker.kind === "threat") ? [circle(mark.at, radius + 3, palette.threat)] : []),
      { type: "text", x: cx, y: cy, style: { text: short(total), fill: palette.text, fontSize: total < 1000 ? 10.5 : 9.5, fontWeight: 600, align: "center", verticalAlign: "middle" } },
    ],
  };
}

const circle = ([cx, cy]: Point, r: number, stroke: string): Option => ({ type: "circle", silent: true, shape: { cx, cy, r }, style: { fill: "none", stroke, lineWidth: 1.8 } });

function wire(chart: Chart, figure: Figure, spec: PlacesSpec, palette: Palette): () => void {
  const sizes = spec.markers.map((marker) => marker.values[0] ?? 0);
  const most = Math.max(1, ...sizes);
  const shares = sizes.map((value) => Math.sqrt(value / most));
  const hidden = new Set<string>();
  const series = spec.kinds.length;
  let marks: Mark[] = [];
  let frame = 0;
  const place = () => {
    const points = spec.markers.map((marker) => chart.convertToPixel("geo", [marker.lon, marker.lat]) as Point);
    const isSeen = ({ at: [x, y] }: Mark) => x > -EDGE && y > -EDGE && x < chart.getWidth() + EDGE && y < chart.getHeight() + EDGE;
    marks = marksOf(spec, points, hidden, shares).filter(isSeen);
    const data = marks.map((mark, i) => ({ value: [i], members: mark.members }));
    const renderItem = (params: { dataIndex: number }) => shapeOf(spec, palette, marks[params.dataIndex] as Mark, shares);
    chart.setOption({ series: [...spec.kinds.map(() => ({})), { data, renderItem }] });
  };
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(place);
  };
  const pick = (members: number[]) => {
    const found = members.map((i) => spec.markers[i] as Marker);
    if (found.length === 1) figure.emit("picked", { name: found[0]?.ips[0], names: found[0]?.ips });
    else open(chart, found, place);
  };
  place();
  chart.on("georoam", later);
  chart.on("legendselectchanged", (event) => {
    const { selected } = event as unknown as { selected: Record<string, boolean> };
    hidden.clear();
    for (const [kind, on] of Object.entries(selected)) if (!on) hidden.add(kind);
    place();
  });
  chart.on("click", (event) => {
    const members = (event.data as { members?: number[] } | undefined)?.members;
    if (members) pick(members);
  });
  figure.addTool("Show the whole world again", "World", () => figure.redraw());
  const resized = new ResizeObserver(later);
  resized.observe(chart.getDom());
  const stop = walk(chart, () => marks.map((_, dataIndex): Stop => ({ seriesIndex: series, dataIndex })), ({ dataIndex }) => pick(marks[dataIndex]?.members ?? []));
  return () => {
    cancelAnimationFrame(frame);
    resized.disconnect();
    stop();
  };
}

/** Zooms to where the members of a cluster have room. */
function open(chart: Chart, markers: Marker[], place: () => void): void {
  const points = markers.map((marker) => chart.convertToPixel("geo", [marker.lon, marker.lat]) as Point);
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = Math.min(chart.getWidth() / Math.max(1, right - left), chart.getHeight() / Math.max(1, bottom - top)) * OPEN_ROOM;
  const zoom = (chart.getOption().geo as { zoom?: number }[])[0]?.zoom ?? 1;
  // ECharts wants the centre as projected, not in degrees
  const at = markers.map((marker) => project([marker.lon, marker.lat]));
  const center = [0, 1].map((i) => (Math.min(...at.map((point) => point[i] ?? 0)) + Math.max(...at.map((point) => point[i] ?? 0))) / 2);
  chart.setOption({ geo: { center, zoom: Math.min(DEEPEST, zoom * Math.max(1.6, room)) } });
  chart.dispatchAction({ type: "hideTip" });
  place();
}
