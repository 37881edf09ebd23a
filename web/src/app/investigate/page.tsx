// Threat investigation: choose an address or network, search all raw flows, see everything, save the story.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count, moment, plural } from "../../format";
import { get, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import { runJob } from "../jobs";
import { change, go } from "../route";
import type { Job, Row } from "../types";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault } from "../ui/parts";
import { TimeInput } from "../ui/time_input";
import { Findings, type FoundResult } from "./findings";
import { StoryEditor } from "./story_editor";

type Search = { state: "idle" } | { state: "running"; job: Job<FoundResult> | null } | { state: "done"; result: FoundResult } | { state: "failed"; error: unknown };

export function InvestigatePage({ rest, params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const threats = useLoad<Row[]>("threats", async (signal) => rowsOf(await get("threats", {}, signal), "threats"));
  const [target, setTarget] = useState(rest);
  const [range, setRange] = useState({ start: params.start ?? "", end: params.end ?? "" });
  const top = params.top ?? "20";
  useEffect(() => setTarget(rest), [rest]);
  useEffect(() => setRange({ start: params.start ?? "", end: params.end ?? "" }), [params.start, params.end]);
  const { search, cancel } = useInvestigation(rest, params.start ?? "", params.end ?? "", top);
  const submit = (event: Event) => {
    event.preventDefault();
    if (target.trim()) go("investigate", target.trim(), { ...(range.start ? { start: range.start } : {}), ...(range.end ? { end: range.end } : {}), ...(top === "20" ? {} : { top }) });
  };
  return (
    <div class="split">
      <aside class="panel list-pane" aria-label="Threats">
        <header class="panel-head"><h2>Rated high</h2><span class="muted">{count(threats.data?.length ?? 0)}</span></header>
        <div class="list-body">
          {threats.error ? <Fault error={threats.error} retry={threats.reload} /> : !threats.data ? <Busy /> : threats.data.length === 0 ? <Empty title="Nothing rated high yet">Rate suspects, or type any address above.</Empty> : null}
          <ul>{threats.data?.map((row) => <ThreatItem key={String(row.address)} row={row} isChosen={row.address === rest} />)}</ul>
        </div>
      </aside>
      <div class="main-pane">
        <form class="search-bar panel" role="search" aria-label="Investigate" onSubmit={submit}>
          <h1 class="hidden">Threat investigation</h1>
          <Icon name="search" />
          <input class="input is-large" aria-label="Address or CIDR" placeholder="Any address or network: 10.0.1.4, 192.168.0.0/24, 2001:db8::/32" value={target} onInput={(event) => setTarget(event.currentTarget.value)} />
          <TimeInput label="from" value={range.start} onChange={(start) => setRange({ ...range, start })} />
          <TimeInput label="to" value={range.end} onChange={(end) => setRange({ ...range, end })} />
          <label class="choice"><span class="muted">top</span><select class="select" value={top} onChange={(event) => change({ top: event.currentTarget.value === "20" ? null : event.currentTarget.value })}>{["10", "20", "50", "100"].map((n) => <option key={n} value={n}>{n}</option>)}</select></label>
          <button type="submit" class="button is-primary">Search</button>
        </form>
        {search.state === "idle" ? <div class="panel filling"><Empty title="Whom to investigate?">Choose an address that was rated high, or type any address or network. All flows that are stored are searched, of any range of time.</Empty></div> : null}
        {search.state === "running" ? <Running job={search.job} target={rest} onCancel={cancel} /> : null}
        {search.state === "failed" ? <div class="panel filling"><Fault error={search.error} /></div> : null}
        {search.state === "done" ? <Done target={rest} result={search.result} params={params} onSaved={threats.reload} /> : null}
      </div>
    </div>
  );
}

function ThreatItem({ row, isChosen }: { row: Row; isChosen: boolean }): JSX.Element {
  const when = row.last_rated ?? row.rated;
  return (
    <li>
      <button type="button" class="list-item" aria-current={isChosen ? "true" : undefined} onClick={() => go("investigate", String(row.address))}>
        <strong>{String(row.address)}</strong>
        <span class="muted">{plural(row.suspects as number, "suspect")}, {plural(row.flows as number, "flow")}{when ? ` · ${moment(when as string, "minute")}` : ""}</span>
        {row.has_story ? <span class="tag is-accent">story</span> : null}
      </button>
    </li>
  );
}

function Running({ job, target, onCancel }: { job: Job<FoundResult> | null; target: string; onCancel: () => void }): JSX.Element {
  const doing = job?.doing;
  return (
    <div class="panel filling">
      <div class="running" role="status">
        <p>Searching all flows of <strong>{target}</strong>{doing ? `: ${doing}` : ""}</p>
        <progress max={1} value={job?.progress ?? undefined} aria-label="Progress" />
        <button type="button" class="button" onClick={onCancel}>Cancel</button>
      </div>
    </div>
  );
}

function Done({ target, result, params, onSaved }: { target: string; result: FoundResult; params: Record<string, string>; onSaved: () => void }): JSX.Element {
  const app = useApp();
  return (
    <div class={app.canWrite ? "found" : "found no-editor"}>
      <Findings target={target} result={result} start={params.start ?? ""} end={params.end ?? ""} />
      {app.canWrite ? <StoryEditor key={target} target={target} start={params.start ?? ""} end={params.end ?? ""} top={params.top ?? "20"} onSaved={onSaved} /> : null}
    </div>
  );
}

/** Runs the search; it is given up when the page is left or on demand. */
function useInvestigation(target: string, start: string, end: string, top: string): { search: Search; cancel: () => void } {
  const [search, setSearch] = useState<Search>({ state: "idle" });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => {
    if (!target) {
      setSearch({ state: "idle" });
      return undefined;
    }
    const control = new AbortController();
    stop.current = control;
    let isGone = false;
    setSearch({ state: "running", job: null });
    const asked = { target, start: start || null, end: end || null, top: Number(top) };
    runJob<FoundResult>("investigations", asked, (job) => !isGone && setSearch({ state: "running", job }), control.signal)
      .then((result) => !isGone && setSearch({ state: "done", result }))
      .catch((error: unknown) => !isGone && setSearch({ state: "failed", error: control.signal.aborted ? new Error("the search was cancelled") : error }));
    return () => {
      isGone = true;
      control.abort();
    };
  }, [target, start, end, top]);
  return { search, cancel: () => stop.current?.abort() };
}
