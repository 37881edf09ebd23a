// A host on one page: standing by day, findings, its pairs as leads, its suspects, its peers, its raw flows.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Spec } from "../../figures/specs";
import { columnsOf } from "../investigate/columns";
import { runJob } from "../jobs";
import { FINDING_COLUMNS, LEAD_COLUMNS, RAW_COLUMNS, shareOf, Standing } from "../leads/words";
import { go, hashOf } from "../route";
import { SHORT_COLUMNS } from "../suspicious/columns";
import type { Row } from "../types";
import { FigureBox } from "../ui/figure";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault, Tile } from "../ui/parts";
import { DataTable, type ColumnSpec } from "../ui/table";

interface HostSection {
  id: string;
  title: string;
  absent: string | null;
  note: string;
  text: string;
  value: Row | null;
  rows: Row[];
}
interface HostFound {
  title: string;
  host: string;
  sections: HostSection[];
  figures: Record<string, Spec | null>;
}
type State = { at: "idle" } | { at: "running"; doing: string } | { at: "done"; found: HostFound } | { at: "failed"; error: unknown };

const COLUMNS: Record<string, ColumnSpec[]> = {
  days: LEAD_COLUMNS.filter((column) => !["dst_ip", "service_port"].includes(column.key)),
  pairs: LEAD_COLUMNS,
  findings: FINDING_COLUMNS,
  flows: RAW_COLUMNS,
  suspects: SHORT_COLUMNS,
};

export function HostPage({ rest, params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const [target, setTarget] = useState(rest);
  useEffect(() => setTarget(rest), [rest]);
  const state = useHost(rest, params.start ?? "", params.end ?? "");
  const submit = (event: Event) => {
    event.preventDefault();
    if (target.trim()) go("host", target.trim());
  };
  return (
    <div class="main-pane host-page">
      <form class="search-bar panel" role="search" aria-label="Host" onSubmit={submit}>
        <Icon name="search" />
        <input class="input is-large" aria-label="Address" placeholder="An address: 10.0.1.4" value={target} onInput={(event) => setTarget(event.currentTarget.value)} />
        <button type="submit" class="button is-primary">Show</button>
      </form>
      {state.at === "idle" ? <div class="panel filling"><Empty title="Which host?">Type an address, or choose one under Leads.</Empty></div> : null}
      {state.at === "running" ? <div class="panel filling"><Busy what={state.doing || `Looking at ${rest}`} /></div> : null}
      {state.at === "failed" ? <div class="panel filling"><Fault error={state.error} /></div> : null}
      {state.at === "done" ? <Found found={state.found} /> : null}
    </div>
  );
}

function Found({ found }: { found: HostFound }): JSX.Element {
  const facts = Object.fromEntries(found.sections.map((one) => [one.id, one]));
  const standing = facts.standing?.value ?? null;
  const rest = found.sections.filter((one) => one.id !== "standing" && one.id !== "role");
  return (
    <div class="findings">
      <section class="panel block">
        <header class="target-head"><h1>{found.host}</h1>{facts.role && !facts.role.absent ? <span class="tag">{facts.role.text}</span> : null}<span class="target-next"><a href={hashOf({ page: "investigate", rest: found.host, params: {} })}>Investigate</a></span></header>
        {standing ? (
          <dl class="tiles">
            <Tile label="Latest rank" value={String(standing.rank)} note={String(standing.day)} />
            <Tile label="Score" value={Number(standing.score).toFixed(4)} />
            <Tile label="q" value={shareOf(standing.q_value)} note="false leads down to it" />
            <Tile label="Rated" value={standing.severity ? <Standing row={standing} /> : "–"} note={standing.is_hidden ? "set aside" : ""} />
          </dl>
        ) : null}
        <p>{facts.standing?.absent ?? facts.standing?.text}</p>
        {standing?.normal_if ? <p class="muted">{String(standing.normal_if)}</p> : null}
      </section>
      {rest.map((one) => <SectionBlock key={one.id} section={one} spec={found.figures[one.id] ?? null} />)}
    </div>
  );
}

function SectionBlock({ section, spec }: { section: HostSection; spec: Spec | null }): JSX.Element {
  const columns = COLUMNS[section.id] ?? columnsOf(section.rows, ["lat", "lon"]);
  const pick = section.id === "peers" ? (row: Row) => typeof row.peer === "string" && go("host", row.peer) : undefined;
  return (
    <section class="panel block" aria-label={section.title}>
      <h2>{section.title}</h2>
      {section.absent ? <p class="muted">{section.absent}</p> : spec ? <FigureBox spec={spec} /> : <DataTable label={section.title} columns={columns} rows={section.rows} height={300} filterable {...(pick ? { onPick: pick } : {})} />}
      {section.note && !spec ? <p class="muted">{section.note}</p> : null}
    </section>
  );
}

function useHost(target: string, start: string, end: string): State {
  const [state, setState] = useState<State>({ at: "idle" });
  useEffect(() => {
    if (!target) {
      setState({ at: "idle" });
      return undefined;
    }
    const control = new AbortController();
    let isGone = false;
    setState({ at: "running", doing: "" });
    runJob<HostFound>("hosts", { target, start: start || null, end: end || null }, (job) => !isGone && setState({ at: "running", doing: job.doing ?? "" }), control.signal)
      .then((found) => !isGone && setState({ at: "done", found }))
      .catch((error: unknown) => !isGone && setState({ at: "failed", error }));
    return () => {
      isGone = true;
      control.abort();
    };
  }, [target, start, end]);
  return state;
}
