// Suspicious: the queue, its network, its details and the rating, linked by hover, click and filter.
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, plural } from "../../format";
import { address, get, post } from "../api";
import { told, useApp, useKept, useLoad } from "../context";
import { fieldsOf, textOf, tokens as parse, withToken, type Token } from "../filter";
import { KindSwitch } from "../leads/page";
import { change, go, parseHash } from "../route";
import type { Facets, Id, QueuePage, RatingMade, Severity, Suspect } from "../types";
import { Icon } from "../ui/icons";
import { Busy, Fault, Menu, Segmented, SEVERITIES, Tabs } from "../ui/parts";
import { ChecksPanel } from "./checks_panel";
import { Dock } from "./dock";
import { FacetLists } from "./facets";
import { FilterBar } from "./filter_bar";
import { HistoryPanel } from "./history_panel";
import { useKeys } from "./keys";
import { NetworkPanel } from "./network_panel";
import { NothingThere } from "./nothing";
import { COLUMNS, QueueTable } from "./queue_table";
import { RatePanel } from "./rate_panel";
import { RulesPanel } from "./rules_panel";
import { SuppressPanel } from "./suppress_panel";

const SIZES = [25, 50, 100, 250];

function useQuery(params: Record<string, string>): { list: Token[]; query: Record<string, string>; fault: string | null } {
  return useMemo(() => {
    const list = parse(params.f ?? "");
    const shared = { state: params.state ?? "unrated", detector: params.detector ?? "", dates: params.dates ?? "" };
    try {
      return { list, query: { ...shared, ...fieldsOf(list) }, fault: null };
    } catch (error) {
      return { list, query: shared, fault: told(error).text };
    }
  }, [params.f, params.state, params.detector, params.dates]);
}

export function SuspiciousPage({ params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const app = useApp();
  const { list, query, fault } = useQuery(params);
  const size = Number(params.size ?? 50);
  const page = Number(params.page ?? 1);
  const sort = params.sort ?? "rank";
  const isDescending = params.desc === "1";
  const [turn, setTurn] = useState(0);
  const refresh = useCallback(() => setTurn((n) => n + 1), []);
  const asked = { ...query, sort, descending: isDescending, page, size };
  const queue = useLoad<QueuePage>(`${JSON.stringify(asked)} ${turn}`, (signal) => get("queue", asked, signal));
  const facets = useLoad<Facets>(`${JSON.stringify(query)} ${turn}`, (signal) => get("queue/values", query, signal), 40);
  const rows = queue.data?.rows ?? [];
  const detector = params.detector ?? queue.data?.detector ?? "";

  const [cursor, setCursor] = useState(0);
  const [checked, setChecked] = useState<Set<Id>>(new Set());
  const [lit, setLit] = useState<string | null>(null);
  const [marked, setMarked] = useState<string[]>([]);
  const [comment, setComment] = useState("");
  const [tab, setTab] = useState("why");
  const [chordOf, setChordOf] = useState<string | null>(null);
  const [side, setSide] = useState("rate");
  const [hiddenText, setHiddenText] = useKept<string>("queue.hidden", "packets");
  const [hasFacets, setFacets] = useKept<boolean>("queue.facets", window.innerWidth >= 1200);
  const [hasSide, setSideOpen] = useKept<boolean>("queue.side", true);
  const isTaught = queue.data?.is_taught ?? false;
  const hidden = useMemo(() => new Set([...hiddenText.split(",").filter(Boolean), ...(isTaught ? [] : ["moved"]), ...(query.state === "unrated" ? ["severity"] : [])]), [hiddenText, isTaught, query.state]);
  const at = Math.min(cursor, Math.max(0, rows.length - 1));
  const suspect = rows[at] ?? null;
  const selection = useMemo(() => {
    const chosen = rows.filter((row) => checked.has(row.suspect_id));
    return chosen.length ? chosen : suspect ? [suspect] : [];
  }, [rows, checked, suspect]);

  // a shared link may name the flow
  const wanted = useRef(params.flow ?? null);
  useEffect(() => {
    if (wanted.current === null || !rows.length) return;
    const found = rows.findIndex((row) => String(row.flow_id) === wanted.current);
    if (found >= 0) setCursor(found);
    wanted.current = null;
  }, [rows]);
  useEffect(() => {
    setChordOf(null);
    if (suspect && wanted.current === null) change({ flow: String(suspect.flow_id) }, true);
  }, [suspect?.flow_id]);
  useEffect(() => {
    setCursor(0);
    setChecked(new Set());
  }, [JSON.stringify(query), page, sort, isDescending]);

  const setTokens = useCallback((next: Token[]) => change({ f: textOf(next), page: null, flow: null }), []);
  const setKeys = useCallback((keys: Record<string, string | null>) => {
    const present = parse(parseHash(location.hash).params.f ?? "");
    setTokens(Object.entries(keys).reduce((list, [key, value]) => withToken(list, key, value), present));
  }, []);
  const setKey = useCallback((key: string, value: string | null) => setKeys({ [key]: value }), []);
  const check = useCallback((id: Id) => setChecked((now) => {
    const next = new Set(now);
    if (!next.delete(id)) next.add(id);
    return next;
  }), []);

  const rated = (made: RatingMade, severity: Severity) => {
    const name = SEVERITIES.find((one) => one.value === severity)?.name.toLowerCase() ?? "";
    app.toast(`Rated ${name}: ${plural(made.suspects, "suspect")}, ${plural(made.flows, "flow")}`, { tone: "good", action: { label: "Undo", run: () => void undo(made.rating_id) } });
    setChecked(new Set());
    setComment("");
    refresh();
  };
  const rate = async (severity: Severity) => {
    if (!app.canWrite || !selection.length) return;
    try {
      rated(await post<RatingMade>("ratings", { suspects: selection.map((one) => one.suspect_id), detector: detector || undefined, severity, why: comment }), severity);
    } catch (error) {
      app.fail(error);
    }
  };
  const undo = async (id: number | null) => {
    if (!app.canWrite) return;
    try {
      const taken = await post<{ rating_id?: number; suspects?: number } | null>("ratings/undo", { rating_id: id });
      app.toast(taken?.suspects ? `Taken back: ${plural(taken.suspects, "suspect")} unrated again` : "The last rating is taken back", { tone: "good" });
      refresh();
    } catch (error) {
      app.fail(error);
    }
  };
  const pages = Math.max(1, Math.ceil((queue.data?.total ?? 0) / size));
  const turnTo = (next: number) => next >= 1 && next <= pages && change({ page: next === 1 ? null : String(next), flow: null });
  const step = (by: number) => setCursor(Math.max(0, Math.min(rows.length - 1, at + by)));
  useKeys({
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    Home: () => setCursor(0), End: () => setCursor(Math.max(0, rows.length - 1)),
    n: () => turnTo(page + 1), p: () => turnTo(page - 1),
    "1": () => void rate(1), "2": () => void rate(2), "3": () => void rate(3),
    u: () => void undo(null),
    x: () => suspect && app.canWrite && check(suspect.suspect_id), " ": () => suspect && app.canWrite && check(suspect.suspect_id),
    Escape: () => setChecked(new Set()),
    Enter: () => suspect && go("investigate", suspect.src_ip),
    "/": () => window.dispatchEvent(new Event("flowsleuth:filter")),
    c: () => { setSide("rate"); setSideOpen(true); window.setTimeout(() => document.getElementById("rate-comment")?.focus()); },
  });

  const showChord = (ip: string) => {
    setChordOf(ip);
    setTab("chord");
  };
  const counts = queue.data?.counts;
  const sideTabs = [{ id: "rate", label: "Rate" }, { id: "rules", label: "Rules" }, { id: "suppress", label: "Suppress" }, { id: "checks", label: "Checks" }, { id: "history", label: "History" }].filter((one) => app.canWrite || one.id !== "rate");
  const openSide = sideTabs.some((one) => one.id === side) ? side : (sideTabs[0]?.id ?? "rules");
  return (
    <div class={`suspicious${hasFacets ? "" : " no-facets"}${hasSide ? "" : " no-side"}`}>
      <h1 class="hidden">Suspicious connections</h1>
      <div class="toolbar">
        <button type="button" class="icon-button" aria-pressed={hasFacets} aria-label="Lists that narrow the queue" title="Lists" onClick={() => setFacets(!hasFacets)}><Icon name="facets" /></button>
        <KindSwitch value="flow" />
        <FilterBar tokens={list} onChange={setTokens} fault={fault} />
        <Segmented label="State" value={query.state ?? "unrated"} onChange={(state) => change({ state: state === "unrated" ? null : state, page: null, flow: null })} options={[{ value: "unrated", label: "Unrated", count: counts?.unrated }, { value: "rated", label: "Rated", count: counts?.rated }, { value: "all", label: "All" }]} />
        <Menu label="Columns" icon="columns">{() => <ColumnList hidden={new Set(hiddenText.split(",").filter(Boolean))} onChange={(next) => setHiddenText([...next].join(","))} />}</Menu>
        <Menu label="Export what is filtered" icon="download">
          {(close) => <div class="day-list">{["csv", "json"].map((format) => <a key={format} class="row-button" href={address("queue/export", { ...query, sort, descending: isDescending, format })} download onClick={close}>{format.toUpperCase()}, {count(queue.data?.total)} suspects</a>)}</div>}
        </Menu>
        <button type="button" class="icon-button" aria-label="Copy a link to this view" title="Copy link" onClick={() => void copyLink(app.toast)}><Icon name="link" /></button>
        <button type="button" class="icon-button" aria-pressed={hasSide} aria-label="Rating and network" title="Rating and network" onClick={() => setSideOpen(!hasSide)}><Icon name="panel" /></button>
      </div>
      {hasFacets ? <FacetLists facets={facets.data} tokens={list} lit={lit} onChange={setKey} onHover={setMarked} /> : null}
      <section class="queue-panel panel" aria-label="Suspects">
        <div class={queue.isLoading ? "queue-scroll is-loading" : "queue-scroll"} aria-busy={queue.isLoading}>
          {queue.error ? <Fault error={queue.error} retry={queue.reload} /> : !queue.data ? <Busy what="Reading the queue" /> : null}
          {queue.data && rows.length === 0 ? <NothingThere page={queue.data} isFiltered={list.length > 0} onClear={() => setTokens([])} onScored={refresh} /> : null}
          {rows.length ? <QueueTable rows={rows} cursor={at} checked={checked} sort={sort} descending={isDescending} hidden={hidden} lit={lit} canWrite={app.canWrite} onCursor={setCursor} onCheck={check} onHover={setMarked} onFilter={setKey} onSort={(key, descending) => change({ sort: key === "rank" ? null : key, desc: descending ? "1" : null, page: null, flow: null })} /> : null}
        </div>
        <footer class="pager">
          <span>{queue.data ? <>{count(Math.min((page - 1) * size + 1, queue.data.total))}–{count(Math.min(page * size, queue.data.total))} of <strong>{count(queue.data.total)}</strong> suspects</> : " "}{checked.size ? <> · <strong>{checked.size}</strong> selected</> : null}{counts?.suppressed ? <> · {count(counts.suppressed)} suppressed</> : null}{queue.data?.is_taught ? <span class="tag is-accent" title="ratings have changed the order">taught</span> : null}</span>
          <span class="pager-end">
            <label class="choice"><span class="muted">rows</span><select class="select is-small" value={size} onChange={(event) => change({ size: event.currentTarget.value, page: null })}>{SIZES.map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
            <button type="button" class="icon-button" aria-label="Previous page" disabled={page <= 1} onClick={() => turnTo(page - 1)}><Icon name="left" size={14} /></button>
            <span>{count(page)} / {count(pages)}</span>
            <button type="button" class="icon-button" aria-label="Next page" disabled={page >= pages} onClick={() => turnTo(page + 1)}><Icon name="right" size={14} /></button>
          </span>
        </footer>
      </section>
      <Dock suspect={suspect} detector={detector} chordOf={chordOf} onChord={showChord} tab={tab} onTab={setTab} />
      {hasSide ? (
        <aside class="side" aria-label="Rating and network">
          <section class="panel side-panel">
            <Tabs label="Triage" panel="side-body" tabs={sideTabs} value={openSide} onChange={setSide} />
            <div id="side-body" class="side-body" role="tabpanel" aria-labelledby={`tab-side-body-${openSide}`}>
              {openSide === "rate" ? <RatePanel selection={selection} detector={detector} dates={params.dates ?? ""} comment={comment} onComment={setComment} onRated={rated} onUndo={() => void undo(null)} /> : null}
              {openSide === "rules" ? <RulesPanel onChanged={refresh} /> : null}
              {openSide === "suppress" ? <SuppressPanel suspect={suspect} detector={detector} onChanged={refresh} /> : null}
              {openSide === "checks" ? <ChecksPanel onFilter={setKeys} /> : null}
              {openSide === "history" ? <HistoryPanel detector={detector} dates={queue.data?.dates ?? []} turn={turn} onChanged={refresh} /> : null}
            </div>
          </section>
          <NetworkPanel query={query} turn={turn} highlight={marked} onHover={setLit} onPick={showChord} onFilter={(ip) => setKey("ip", ip)} />
        </aside>
      ) : null}
    </div>
  );
}

function ColumnList({ hidden, onChange }: { hidden: Set<string>; onChange: (hidden: Set<string>) => void }): JSX.Element {
  const toggle = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onChange(next);
  };
  return <div class="column-list">{COLUMNS.filter((column) => column.optional).map((column) => <label key={column.key}><input type="checkbox" checked={!hidden.has(column.key)} onChange={() => toggle(column.key)} />{column.label}</label>)}</div>;
}

async function copyLink(toast: (text: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    toast("The link to this view is copied");
  } catch {
    toast("Copy the address of this page: it is the link to this view");
  }
}

export type { Suspect };
