// Leads: hosts or pairs of a day by all evidence together, ranked, with what is behind the chosen one and its rating.
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { bytes, count, moment, plural } from "../../format";
import { address, get, post } from "../api";
import { useApp, useLoad } from "../context";
import { change, go, hashOf } from "../route";
import { useKeys } from "../suspicious/keys";
import type { Count } from "../../format";
import type { Id, RatingMade, Row, Severity } from "../types";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault, Menu, Segmented, SEVERITIES } from "../ui/parts";
import { Evidence } from "./evidence";
import { expectedFalse, HostLink, peerOf, seen, serviceOf, shareOf, Standing } from "./words";

export interface Lead extends Row {
  lead_id: Id;
  rank: number;
  score: number;
  q_value: number;
  host: string;
  moved: number;
}
interface LeadPage {
  rows: Lead[];
  total: number;
  page: number;
  size: number;
  dates: string[];
  counts: { open: number; rated: number; suppressed: number };
  hidden: number;
  down_to: number;
  expected_false: number;
}
const SIZE = 50;
/** Columns that are narrower, or left out, where there is little room. */
const GIVES_WAY: Record<string, string> = { Sent: "lead-bytes", Received: "lead-bytes", Seen: "lead-seen", Technique: "lead-technique" };
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)(\/\d{1,3})?$/i;

/** Words of the filter: addresses and networks are ends, all others are looked for in what a lead says. */
export function asked(words: string): Record<string, string> {
  const parts = words.split(/\s+/).filter(Boolean);
  const [ends, rest] = [parts.filter((one) => ADDRESS.test(one)), parts.filter((one) => !ADDRESS.test(one))];
  return { ...(ends.length ? { ip: ends.join(",") } : {}), ...(rest.length ? { text: rest.join(" ") } : {}) };
}

/** Hosts, pairs, or the queue of single suspects. */
export function KindSwitch({ value }: { value: "host" | "pair" | "flow" }): JSX.Element {
  const turn = (kind: string) => (kind === "flow" ? go("suspicious") : go("leads", "", kind === "host" ? {} : { by: kind }));
  return <Segmented label="Ranked by" value={value} onChange={turn} options={[{ value: "host", label: "Hosts" }, { value: "pair", label: "Pairs" }, { value: "flow", label: "Flows" }]} />;
}

export function LeadsPage({ params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const app = useApp();
  const by = params.by === "pair" ? "pair" : "host";
  const page = Number(params.page ?? 1);
  const query = useMemo(() => ({ by, state: params.state ?? "open", dates: params.dates ?? "", ...asked(params.f ?? "") }), [by, params.state, params.dates, params.f]);
  const [turn, setTurn] = useState(0);
  const refresh = useCallback(() => setTurn((n) => n + 1), []);
  const found = useLoad<LeadPage>(`${JSON.stringify(query)} ${page} ${turn}`, (signal) => get("leads", { ...query, page, size: SIZE }, signal));
  const rows = found.data?.rows ?? [];
  const [cursor, setCursor] = useState(0);
  const [comment, setComment] = useState("");
  useEffect(() => setCursor(0), [JSON.stringify(query), page]);
  const at = Math.min(cursor, Math.max(0, rows.length - 1));
  const lead = rows[at] ?? null;
  const pages = Math.max(1, Math.ceil((found.data?.total ?? 0) / SIZE));
  const turnTo = (next: number) => next >= 1 && next <= pages && change({ page: next === 1 ? null : String(next) });
  const rate = async (severity: Severity) => {
    if (!app.canWrite || !lead) return;
    try {
      const made = await post<RatingMade>("ratings", { leads: [lead.lead_id], severity, why: comment });
      const name = SEVERITIES.find((one) => one.value === severity)?.name.toLowerCase() ?? "";
      app.toast(`Rated ${name}: ${plural(made.suspects, "lead")}, ${plural(made.flows, "flow")}`, { tone: "good", action: { label: "Undo", run: () => void undo(made.rating_id) } });
      setComment("");
      refresh();
    } catch (error) {
      app.fail(error);
    }
  };
  const undo = async (id: number | null) => {
    if (!app.canWrite) return;
    try {
      await post("ratings/undo", { rating_id: id });
      app.toast("The last rating is taken back", { tone: "good" });
      refresh();
    } catch (error) {
      app.fail(error);
    }
  };
  const step = (more: number) => setCursor(Math.max(0, Math.min(rows.length - 1, at + more)));
  useKeys({
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    n: () => turnTo(page + 1), p: () => turnTo(page - 1),
    "1": () => void rate(1), "2": () => void rate(2), "3": () => void rate(3), u: () => void undo(null),
    Enter: () => lead && go("host", lead.host),
    "/": () => document.getElementById("lead-filter")?.focus(),
  });
  const counts = found.data?.counts;
  return (
    <div class="leads">
      <h1 class="hidden">Leads</h1>
      <div class="toolbar">
        <KindSwitch value={by} />
        <Words value={params.f ?? ""} />
        <Segmented label="State" value={query.state} onChange={(state) => change({ state: state === "open" ? null : state, page: null })} options={[{ value: "open", label: "Open", count: counts?.open }, { value: "rated", label: "Rated", count: counts?.rated }, { value: "all", label: "All" }]} />
        <Menu label="Export what is filtered" icon="download">
          {(close) => <div class="day-list">{["csv", "json"].map((format) => <a key={format} class="row-button" href={address("leads/export", { ...query, format })} download onClick={close}>{format.toUpperCase()}, {count(found.data?.total)} leads</a>)}</div>}
        </Menu>
      </div>
      <section class="queue-panel panel" aria-label={by === "host" ? "Hosts" : "Pairs"}>
        <div class={found.isLoading ? "queue-scroll is-loading" : "queue-scroll"} aria-busy={found.isLoading}>
          {found.error ? <Fault error={found.error} retry={found.reload} /> : !found.data ? <Busy what="Reading the leads" /> : null}
          {found.data && !rows.length ? <Nothing found={found.data} isFiltered={Boolean(params.f)} /> : null}
          {rows.length ? <LeadTable rows={rows} by={by} cursor={at} onCursor={setCursor} /> : null}
        </div>
        <footer class="pager">
          <span>{found.data ? <><strong>{count(found.data.total)}</strong> leads · {expectedFalse(found.data.down_to, found.data.expected_false)}{found.data.hidden && query.state === "open" ? <> · {count(found.data.hidden)} rated low or suppressed</> : null} · <a href={hashOf({ page: "ingest", rest: "", params: {} })}>what could not be seen</a></> : " "}</span>
          <span class="pager-end">
            <button type="button" class="icon-button" aria-label="Previous page" disabled={page <= 1} onClick={() => turnTo(page - 1)}><Icon name="left" size={14} /></button>
            <span>{count(page)} / {count(pages)}</span>
            <button type="button" class="icon-button" aria-label="Next page" disabled={page >= pages} onClick={() => turnTo(page + 1)}><Icon name="right" size={14} /></button>
          </span>
        </footer>
      </section>
      <Evidence lead={lead} turn={turn} comment={comment} onComment={setComment} onRate={(severity) => void rate(severity)} onChanged={refresh} />
    </div>
  );
}

function Words({ value }: { value: string }): JSX.Element {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const submit = (event: Event) => {
    event.preventDefault();
    change({ f: draft.trim(), page: null });
  };
  return (
    <form class="filter" role="search" onSubmit={submit}>
      <Icon name="filter" />
      <input id="lead-filter" aria-label="Filter the leads" autocomplete="off" spellcheck={false} placeholder="Filter: 10.0.0.0/8  beacons  T1071  a name  words of the reason" value={draft} onInput={(event) => setDraft(event.currentTarget.value)} />
      {value ? <button type="button" class="icon-button" aria-label="Clear the filter" onClick={() => change({ f: null, page: null })}><Icon name="close" size={14} /></button> : null}
    </form>
  );
}

function Nothing({ found, isFiltered }: { found: LeadPage; isFiltered: boolean }): JSX.Element {
  if (!found.dates.length) return <Empty title="No leads yet">Leads are made when logs are scored.</Empty>;
  if (isFiltered) return <Empty title="No lead like this">{count(found.hidden)} are rated low or suppressed.</Empty>;
  return <Empty title="Nothing is left">All leads of these days are rated low or suppressed.</Empty>;
}

function LeadTable({ rows, by, cursor, onCursor }: { rows: Lead[]; by: string; cursor: number; onCursor: (at: number) => void }): JSX.Element {
  const isPair = by === "pair";
  useEffect(() => document.querySelector(`.leads [data-index="${cursor}"]`)?.scrollIntoView({ block: "nearest" }), [cursor, rows]);
  return (
    <table class={isPair ? "queue leads-table is-pairs" : "queue leads-table"} aria-label="Leads" aria-rowcount={rows.length}>
      <thead>
        <tr>
          {["Rank", "Score", "q", "Rated", "Host", ...(isPair ? ["Peer", "Service"] : ["Role"]), "Flows", "Sent", "Received", "Seen", "Technique"].map((name) => <th key={name} scope="col" class={GIVES_WAY[name]}><span class="lead-head" title={name === "q" ? "expected share of false leads down to this one" : undefined}>{name}</span></th>)}
        </tr>
      </thead>
      {rows.map((row, index) => (
        <tbody key={String(row.lead_id)} data-index={index} class={index === cursor ? "is-cursor" : ""} onClick={() => onCursor(index)}>
          <tr class="q-main" tabIndex={index === cursor ? 0 : -1} aria-current={index === cursor ? "true" : undefined} onFocus={(event) => event.target === event.currentTarget && onCursor(index)}>
            <td class="is-right">{count(row.rank)}</td>
            <td class="is-right">{row.score.toFixed(6)}</td>
            <td>{shareOf(row.q_value)}</td>
            <td><Standing row={row} /></td>
            <td><HostLink ip={row.host} /></td>
            {isPair ? <><td class="lead-peer" title={peerOf(row)}>{peerOf(row)}</td><td>{serviceOf(row)}</td></> : <td>{String(row.role ?? "–")}</td>}
            <td class="is-right">{count(row.flows as Count)}</td>
            <td class="is-right lead-bytes">{bytes(row.src_bytes as Count)}</td>
            <td class="is-right lead-bytes">{bytes(row.dst_bytes as Count)}</td>
            <td class="lead-seen" title={`${moment(row.first_seen as string)} – ${moment(row.last_seen as string)} UTC`}>{seen(row.first_seen as string, row.last_seen as string)}</td>
            <td class="lead-technique" title={String(row.technique ?? "")}>{String(row.technique ?? "–")}</td>
          </tr>
          <tr class="q-why">
            <td colSpan={isPair ? 12 : 11}>
              <div>
                {row.moved && row.moved_why ? <span class="moved-why">{String(row.moved_why)}</span> : null}
                <span class="reason">{String(row.reason)}</span>
                {row.normal_if ? <span class="lead-normal">{String(row.normal_if)}</span> : null}
              </div>
            </td>
          </tr>
        </tbody>
      ))}
    </table>
  );
}
