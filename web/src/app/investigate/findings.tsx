// What the search found: totals, timeline, peers, top lists, chord, map, the expanded search.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Spec } from "../../figures/specs";
import { bytes, count, moment } from "../../format";
import { rowsOf } from "../api";
import { SummaryMenu } from "../notebooklets/links";
import { go } from "../route";
import type { Row } from "../types";
import { FigureBox } from "../ui/figure";
import { Empty, Segmented, Tile } from "../ui/parts";
import { DataTable } from "../ui/table";
import { columnOf, columnsOf } from "./columns";

export interface FoundResult {
  target: string;
  is_internal: boolean | null;
  search: unknown;
  peers: unknown;
  top: Record<string, unknown>;
  search_total?: number;
  peers_total?: number;
  notes?: string[];
  figures?: Record<string, Spec | null>;
  totals: Row;
}

const TOPS: [key: string, title: string][] = [
  ["sources_by_connections", "Sources by connections"],
  ["destinations_by_connections", "Destinations by connections"],
  ["sources_by_bytes", "Sources by bytes"],
  ["destinations_by_bytes", "Destinations by bytes"],
];

export function Findings({ target, result, start, end }: { target: string; result: FoundResult; start: string; end: string }): JSX.Element {
  const search = useMemo(() => rowsOf(result.search), [result]);
  const peers = useMemo(() => rowsOf(result.peers), [result]);
  const [way, setWay] = useState("all");
  const shownPeers = way === "all" ? peers : peers.filter((row) => row.way === way);
  const timeline = useMemo(() => figureOf(result, "timeline"), [result]);
  const map = useMemo(() => figureOf(result, "map"), [result]);
  const chord = useMemo(() => figureOf(result, "chord"), [result]);
  const searchColumns = useMemo(() => columnsOf(search), [search]);
  const peerColumns = useMemo(() => columnsOf(peers, ["lat", "lon"]), [peers]);
  if (!search.length) return <div class="panel filling"><Empty title={`No flow of ${target}`}>Nothing is stored between it and anyone in this range of time.</Empty></div>;
  const pick = (row: Row) => typeof row.peer === "string" && go("investigate", row.peer);
  const ways = ["inbound", "outbound", "two way"].map((name) => ({ value: name, label: name, count: peers.filter((row) => row.way === name).length }));
  return (
    <div class="findings">
      <section class="panel block">
        <header class="target-head"><h2>{target}</h2><span class="tag">{result.is_internal === null || result.is_internal === undefined ? "network" : result.is_internal ? "internal" : "external"}</span><span class="target-next"><SummaryMenu addresses={[target]} start={start} end={end} /></span></header>
        <Totals totals={result.totals} peers={peers} search={search} />
      </section>
      {timeline ? <section class="panel block"><h2>Timeline</h2><FigureBox spec={timeline} /></section> : null}
      <section class="panel block">
        <header class="block-head"><h2>Peers</h2><Segmented label="Way" value={way} onChange={setWay} options={[{ value: "all", label: "all", count: peers.length }, ...ways]} /></header>
        <DataTable label="Peers" columns={peerColumns} rows={shownPeers} sort="connections" descending height={330} filterable onPick={pick} />
        <Cut shown={peers.length} total={result.peers_total} />
      </section>
      <div class="top-grid">{TOPS.map(([key, title]) => <Top key={key} title={title} rows={rowsOf(result.top?.[key])} measure={key.endsWith("bytes") ? "bytes" : "connections"} />)}</div>
      {chord || map ? (
        <div class="figure-grid">
          {chord ? <section class="panel block"><h2>Volume</h2><FigureBox spec={chord} /></section> : null}
          {map ? <section class="panel block"><h2>Places</h2><FigureBox spec={map} /></section> : null}
        </div>
      ) : null}
      <section class="panel block">
        <h2>Expanded search</h2>
        <DataTable label="Expanded search: one row per source, destination, port and protocol" columns={searchColumns} rows={search} sort="connections" descending height={440} filterable />
        <Cut shown={search.length} total={result.search_total} />
        {result.notes?.length ? <details class="notes"><summary>Notes</summary><ul>{result.notes.map((note) => <li key={note}>{note}</li>)}</ul></details> : null}
      </section>
    </div>
  );
}

function Totals({ totals, peers, search }: { totals: Row; peers: Row[]; search: Row[] }): JSX.Element {
  const sum = (...names: string[]) => names.map((name) => totals?.[name]).find((value) => value !== undefined && value !== null) as number | string | undefined;
  const first = sum("first_seen", "first") ?? search.map((row) => String(row.first_seen)).sort()[0];
  const last = sum("last_seen", "last") ?? search.map((row) => String(row.last_seen)).sort().at(-1);
  return (
    <dl class="tiles">
      <Tile label="Connections" value={count(sum("connections", "flows"))} />
      <Tile label="Peers" value={count(sum("peers") ?? peers.length)} note={waysOf(peers)} />
      <Tile label="Bytes out" value={bytes(sum("bytes_out", "out_bytes", "src_bytes"))} />
      <Tile label="Bytes in" value={bytes(sum("bytes_in", "in_bytes", "dst_bytes"))} />
      <Tile label="First seen" value={moment(first, "clock")} note={moment(first, "day")} />
      <Tile label="Last seen" value={moment(last, "clock")} note={moment(last, "day")} />
    </dl>
  );
}

function waysOf(peers: Row[]): string {
  const counts = ["inbound", "outbound", "two way"].map((way) => [way, peers.filter((row) => row.way === way).length] as const);
  return counts.filter(([, n]) => n).map(([way, n]) => `${count(n)} ${way}`).join(" · ");
}

function Top({ title, rows, measure }: { title: string; rows: Row[]; measure: string }): JSX.Element {
  const columns = useMemo(() => {
    const [sample = {}] = rows;
    const name = ["peer", "address", "src_ip", "dst_ip"].find((key) => key in sample) ?? "peer";
    const size = [measure, `total_${measure}`].find((key) => key in sample) ?? measure;
    return [name, size, ...Object.keys(sample).filter((key) => key !== name && key !== size && /^(way|ports|dst_port|connections|bytes|max_bytes|network|is_internal)$/.test(key))].map(columnOf);
  }, [rows, measure]);
  const pick = (row: Row) => {
    const address = row.peer ?? row.address;
    if (typeof address === "string") go("investigate", address);
  };
  return <section class="panel block"><h2>{title}</h2><DataTable label={title} columns={columns} rows={rows} height={230} onPick={pick} empty="none" /></section>;
}

function figureOf(result: FoundResult, kind: Spec["kind"]): Spec | null {
  const found = Object.values(result.figures ?? {}).find((spec) => spec?.kind === kind);
  return found ? { ...found, title: "" } : null; // the page has a heading of its own
}

/** Says how many rows there are where not all were sent. */
function Cut({ shown, total }: { shown: number; total: number | undefined }): JSX.Element | null {
  if (total === undefined || total <= shown) return null;
  return <p class="muted">The first {count(shown)} of {count(total)}; the command line and the exports have them all.</p>;
}
