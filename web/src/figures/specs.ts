// The specs that flowsleuth.viz makes; Python documents them, this file types them.
export type Way = "inbound" | "outbound" | "two way";
export type Mark = [start: number, end: number, connections: number, bytes: number | string | null, port: number | null];

interface Titled {
  title?: string;
  /** What was left out or put together. */
  note?: string | null;
  /** Why there is nothing to draw. */
  absent?: string | null;
}
export interface TimelineSpec extends Titled {
  kind: "timeline";
  lanes: { name: string; way?: Way; marks: Mark[] }[];
  binned_s?: number | null;
}
export interface ChordSpec extends Titled {
  kind: "chord";
  nodes: { name: string; is_internal?: boolean | null }[];
  links: { source: string; target: string; bytes: number | string | null; packets?: number | string | null }[];
  focus?: string;
}
export interface NetworkSpec extends Titled {
  kind: "network";
  nodes: { id: string; is_internal?: boolean | null; suspects: number; severity?: number | null }[];
  edges: { source: string; target: string; weight: number; suspects: number }[];
}
export interface TreeNode {
  name: string;
  role?: "target" | "way" | "network" | "peer" | "more";
  note?: string | null;
  peers?: number;
  connections?: number;
  bytes?: number | string | null;
  children?: TreeNode[];
}
export interface TreeSpec extends Titled {
  kind: "tree";
  root: TreeNode;
}
export interface Bar {
  name: string;
  size: number;
  bytes?: number | string | null;
  connections?: number;
  children?: Bar[];
}
export interface BarsSpec extends Titled {
  kind: "bars";
  total?: number;
  measure?: string;
  children: Bar[];
}
export interface MapPoint {
  ip?: string;
  lat: number;
  lon: number;
  label?: string;
  role?: string;
}
export interface MapSpec extends Titled {
  kind: "map";
  points: MapPoint[];
  arcs: { from: MapPoint; to: MapPoint; kind: Way; bytes?: number | string | null; connections?: number | string | null }[];
}
export interface HistogramSpec extends Titled {
  kind: "histogram";
  bin_s: number | null;
  /** What is counted; records when not told. */
  measure?: string;
  series: { name: string; values: [start: number, count: number][] }[];
  band?: [start: number, expected: number, low: number, high: number][];
  anomalies?: [start: number, value: number, side: "above" | "below"][];
}
/** Values of the measures of a spec, in their order. */
export type Values = (number | null)[];
export interface LanesSpec extends Titled {
  kind: "lanes";
  bin_s: number | null;
  measures: string[];
  lanes: { name: string; totals: Values; marks: [start: number, ...values: Values][] }[];
}
/** "host", "outbound", "inbound", "two way", "unknown", "threat", or the name of a layer. */
export type PlaceKind = string;
export interface Marker {
  lat: number;
  lon: number;
  kind: PlaceKind;
  way: Way | "unknown";
  places: string[];
  ips: string[];
  addresses: number;
  as_names: string[];
  severities: string[];
  values: Values;
  facts?: string[];
}
export interface PlacesSpec extends Titled {
  kind: "places";
  measures: string[];
  kinds: { kind: PlaceKind; addresses: number; values: Values; colour?: string | null }[];
  markers: Marker[];
  /** What is counted: address, addresses. */
  noun?: [one: string, many: string];
  /** Where the map begins, in degrees, and how near: 1 is the whole world. */
  view?: { lat: number; lon: number; zoom: number } | null;
  look?: Look;
}
/** `heat` and `matrix`: a cell is a row, a column and what was measured there. */
export interface GridSpec extends Titled {
  kind: "heat" | "matrix";
  measures: string[];
  rows: string[];
  columns: string[];
  cells: [row: number, column: number, ...values: Values][];
  /** Of a matrix: what rows and columns are called, how a value becomes a shade, whether sums mean something. */
  sides?: [rows: string, columns: string];
  scale?: "log" | "linear" | "inverse" | "inverse log" | "presence";
  has_sums?: boolean;
  look?: Look;
  row_totals: Values[];
  column_totals: Values[];
}
export interface Related {
  id: string;
  kind: string;
  label: string;
  is_centre: boolean;
  severity: string | null;
  values: Values;
  /** More of it, each as "name: text". */
  facts?: string[];
}
export interface RelationsSpec extends Titled {
  kind: "relations";
  measures: string[];
  edge_measures: string[];
  kinds: { kind: string; nodes: number }[];
  nodes: Related[];
  edges: { source: string; target: string; label: string; values: Values; facts?: string[] }[];
  /** Whether edges have a direction; they do when not told. */
  is_directed?: boolean;
  look?: Look;
}
/** Wishes of the caller; see flowsleuth.viz.looks. */
export interface Look {
  height?: number;
  width?: number;
  legend?: "left" | "right" | "inline" | "none";
  yaxis?: boolean;
  range_tool?: boolean;
}
/** Place of a text; of a bin the most common one, how often it is there, and how many different ones there are. */
export type Tip = number | [place: number, often: number, of: number] | null;
export type Ref = [at: number, label: string];
export type EventMark = [start: number, lasts: number, events: number, ...tips: Tip[]];
export interface EventLane {
  name: string;
  total: number;
  colour?: string | null;
  span?: [first: number, last: number] | null;
  marks: EventMark[];
}
export interface EventsSpec extends Titled {
  kind: "events";
  bin_ms: number | null;
  tips: string[];
  texts: string[][];
  lanes: EventLane[];
  refs: Ref[];
  look?: Look;
}
export type SeriesPoint = [at: number, value: number, ...tips: (number | null)[]];
export interface SeriesSpec extends Titled {
  kind: "series";
  measure: string;
  draw: ("vbar" | "circle" | "line")[];
  tips: string[];
  texts: string[][];
  series: { name: string; total: number; colour?: string | null; points: SeriesPoint[] }[];
  band: [at: number, expected: number | null, low: number | null, high: number | null][];
  anomalies: [at: number, value: number, side: "above" | "below"][];
  refs: Ref[];
  look?: Look;
}
export type Spec = TimelineSpec | ChordSpec | NetworkSpec | TreeSpec | BarsSpec | MapSpec | HistogramSpec | LanesSpec | PlacesSpec | GridSpec | RelationsSpec | EventsSpec | SeriesSpec | ProcessTreeSpec;
/** `parent` is a place in `nodes`; `name`, `user`, `command`, `group` are places in the lists; -1 is none. */
export type ProcessNode = [node: number, parent: number, name: number, pid: number | null, start: number | null, user: number, command: number, group: number, is_inferred: number, hidden: number];
export interface ProcessTreeSpec extends Titled {
  kind: "process_tree";
  group_by: string;
  groups: { name: string; processes: number }[];
  names: string[];
  users: string[];
  commands: string[];
  nodes: ProcessNode[];
}

/** The same facts as rows, for a screen reader and for those who like tables. */
export interface TableView {
  columns: string[];
  rows: (string | number | null)[][];
}
