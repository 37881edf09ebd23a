// Ingest summary: records per minute over any range, totals, gaps, rejects, sources.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { HistogramSpec } from "../../figures/specs";
import { count, duration, millis, moment } from "../../format";
import { get } from "../api";
import { useApp, useLoad } from "../context";
import { change } from "../route";
import { countOf } from "../suspicious/columns";
import type { Row } from "../types";
import { FigureBox } from "../ui/figure";
import { Busy, Empty, Fault, Tile } from "../ui/parts";
import { DataTable, type ColumnSpec } from "../ui/table";
import { BlindSpots } from "./blind_spots";
import { TimeInput } from "../ui/time_input";

interface Summary {
  bins: { start: string; rows: Record<string, number> }[];
  bin_seconds: number;
  first: string | null;
  last: string | null;
  total: number;
}
const BINS = 1200; // more would be thinner than a pixel
const MINUTE = 60;
const QUICK: [label: string, seconds: number][] = [["1 h", 3600], ["6 h", 21600], ["1 day", 86400], ["7 days", 604800]];
const SOURCE_COLUMNS: ColumnSpec[] = [
  { key: "file", label: "File", text: (value) => String(value) },
  { key: "reader", label: "Reader" },
  { key: "kind", label: "Kind" },
  { key: "records", label: "Records", align: "right", text: countOf },
  { key: "rows", label: "Rows", align: "right", text: countOf },
  { key: "rejects", label: "Rejects", align: "right", text: countOf },
  { key: "is_complete", label: "State", text: (value) => (value ? "complete" : "unfinished") },
];
const SKIPPED_COLUMNS: ColumnSpec[] = [{ key: "file", label: "File" }, { key: "kind", label: "Kind" }, { key: "reason", label: "Why" }, { key: "records", label: "Records", align: "right", text: countOf }];
const GAP_COLUMNS: ColumnSpec[] = [
  { key: "from", label: "From", text: (value) => moment(value as string) },
  { key: "to", label: "To", text: (value) => moment(value as string) },
  { key: "length", label: "Length", align: "right", text: (value) => duration(value as number) },
];

export function IngestPage({ params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const { info } = useApp();
  const start = params.start ?? "";
  const end = params.end ?? "";
  const bins = binsFor(info.tables, start, end);
  const found = useLoad<Summary>(`ingest ${start} ${end} ${bins}`, (signal) => get("ingest-summary", { start, end, bins }, signal));
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const spec = useMemo(() => (found.data ? histogramOf(found.data) : null), [found.data]);
  const seen = useMemo(() => inSight(found.data, zoom), [found.data, zoom]);
  const setRange = (from: string, to: string) => {
    setZoom(null);
    change({ start: from || null, end: to || null });
  };
  const tables = Object.entries((info.tables ?? {}) as Record<string, Row>);
  const rejects = (info.rejects ?? { rows: 0, by_reason: {} }) as { rows: number; by_reason: Record<string, number> };
  const gaps = useMemo(() => gapRows(info.gaps), [info.gaps]);
  const last = millis((found.data?.last ?? null) as string | null);
  return (
    <div class="ingest">
      <section class="panel block">
        <header class="block-head">
          <h1>Records per {binName(found.data?.bin_seconds)}</h1>
          <div class="range-bar">
            {QUICK.map(([label, seconds]) => <button key={label} type="button" class="button is-small" disabled={Number.isNaN(last)} onClick={() => setRange(new Date(last - seconds * 1000).toISOString(), "")}>last {label}</button>)}
            <button type="button" class="button is-small" onClick={() => setRange("", "")}>all</button>
            <TimeInput label="from" value={start} onChange={(from) => setRange(from, end)} />
            <TimeInput label="to" value={end} onChange={(to) => setRange(start, to)} />
            {zoom ? <button type="button" class="button is-small is-primary" onClick={() => setRange(new Date(zoom[0]).toISOString(), new Date(zoom[1]).toISOString())}>Look closer</button> : null}
          </div>
        </header>
        {found.error ? <Fault error={found.error} retry={found.reload} /> : !found.data ? <Busy what="Counting records" /> : (
          <>
            <dl class="tiles">
              <Tile label="Records in sight" value={count(seen.total)} note={zoom ? `of ${count(found.data.total)}` : undefined} />
              <Tile label="From" value={moment(seen.from, "clock")} note={moment(seen.from, "day")} />
              <Tile label="To" value={moment(seen.to, "clock")} note={moment(seen.to, "day")} />
              <Tile label={`Busiest ${binName(found.data.bin_seconds)}`} value={count(seen.peak)} note={seen.peakAt ? moment(seen.peakAt, "minute") : undefined} />
            </dl>
            {found.data.bins.length ? <FigureBox spec={spec} caption={false} onTold={(name, value) => name === "range" && setZoom(value as [number, number] | null)} /> : <Empty title="No records in this range" />}
          </>
        )}
      </section>
      <div class="ingest-grid">
        <section class="panel block">
          <h2>Tables</h2>
          <table class="plain"><thead><tr><th scope="col">Table</th><th scope="col" class="is-right">Rows</th><th scope="col">First (UTC)</th><th scope="col">Last (UTC)</th></tr></thead>
            <tbody>{tables.map(([name, facts]) => <tr key={name}><th scope="row">{name}</th><td class="is-right">{count(facts.rows as number)}</td><td>{moment(facts.first as string)}</td><td>{moment(facts.last as string)}</td></tr>)}</tbody></table>
        </section>
        <section class="panel block">
          <h2>Rejects <span class="muted">{count(rejects.rows)}</span></h2>
          {rejects.rows ? <table class="plain"><tbody>{Object.entries(rejects.by_reason).map(([reason, n]) => <tr key={reason}><td>{reason}</td><td class="is-right">{count(n)}</td></tr>)}</tbody></table> : <p class="muted">Every record became a row.</p>}
          <h2>Gaps <span class="muted">{count((info.gaps_total as number) ?? gaps.length)}</span></h2>
          {gaps.length ? <DataTable label="Gaps in the flow record" columns={GAP_COLUMNS} rows={gaps} height={180} /> : <p class="muted">No hole of ten minutes or more.</p>}
        </section>
        <BlindSpots start={start} end={end} />
        <section class="panel block is-wide">
          <h2>Sources</h2>
          <DataTable label="Sources" columns={SOURCE_COLUMNS} rows={(info.sources as Row[] | undefined) ?? []} height={260} filterable empty="nothing was ingested" />
        </section>
        <section class="panel block is-wide">
          <h2>Skipped <span class="muted">{count((info.skipped as Row[] | undefined)?.length ?? 0)}</span></h2>
          {(info.skipped as Row[] | undefined)?.length ? <DataTable label="Skipped files" columns={SKIPPED_COLUMNS} rows={info.skipped as Row[]} height={200} filterable /> : <p class="muted">Nothing was left out.</p>}
        </section>
      </div>
    </div>
  );
}

/** Minutes, or wider; a range of some minutes that was asked for is shown finer. */
function binsFor(tables: unknown, start: string, end: string): number {
  const facts = Object.values((tables ?? {}) as Record<string, { first: string | null; last: string | null }>);
  const known = (values: (string | null)[]) => values.filter((value): value is string => Boolean(value)).map(millis);
  const first = start ? millis(start) : Math.min(...known(facts.map((one) => one.first)));
  const last = end ? millis(end) : Math.max(...known(facts.map((one) => one.last)));
  const seconds = Math.max(1, (last - first) / 1000);
  if (!Number.isFinite(seconds)) return BINS;
  const finest = (start || end) && seconds <= 20 * MINUTE ? 1 : MINUTE;
  return Math.max(1, Math.min(BINS, Math.ceil(seconds / finest) + 1));
}

const binName = (seconds: number | undefined) => (!seconds || seconds === 60 ? "minute" : seconds === 3600 ? "hour" : seconds === 86400 ? "day" : duration(seconds));

function histogramOf(summary: Summary): HistogramSpec {
  const names = [...new Set(summary.bins.flatMap((bin) => Object.keys(bin.rows)))].sort((a, b) => Number(b === "flow") - Number(a === "flow") || a.localeCompare(b));
  return { kind: "histogram", bin_s: summary.bin_seconds, series: names.map((name) => ({ name, values: summary.bins.filter((bin) => bin.rows[name]).map((bin) => [millis(bin.start), bin.rows[name] ?? 0]) })) };
}

function inSight(summary: Summary | null, zoom: [number, number] | null): { total: number; from: string | number | null; to: string | number | null; peak: number; peakAt: string | null } {
  const width = (summary?.bin_seconds ?? 60) * 1000;
  const bins = (summary?.bins ?? []).filter((bin) => !zoom || (millis(bin.start) + width > zoom[0] && millis(bin.start) < zoom[1]));
  const sizes = bins.map((bin) => Object.values(bin.rows).reduce((sum, n) => sum + n, 0));
  const peak = Math.max(0, ...sizes);
  return { total: sizes.reduce((sum, n) => sum + n, 0), from: zoom?.[0] ?? summary?.first ?? null, to: zoom?.[1] ?? summary?.last ?? null, peak, peakAt: bins[sizes.indexOf(peak)]?.start ?? null };
}

function gapRows(gaps: unknown): Row[] {
  if (!Array.isArray(gaps)) return [];
  return gaps.map((gap: Row) => {
    const from = (gap.from ?? gap.start ?? gap.after) as string;
    const to = (gap.to ?? gap.end ?? gap.before ?? gap.until) as string;
    return { from, to, length: (millis(to) - millis(from)) / 1000 };
  });
}
