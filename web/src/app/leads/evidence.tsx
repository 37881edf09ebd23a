// What the chosen lead rests on: its findings with their numbers and raw flows; and the rating of it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { plural } from "../../format";
import { get, post } from "../api";
import { useApp, useLoad } from "../context";
import { hashOf } from "../route";
import type { Row, Severity } from "../types";
import { clock } from "../suspicious/columns";
import { Busy, Empty, Fault, SEVERITIES } from "../ui/parts";
import { DataTable } from "../ui/table";
import type { Lead } from "./page";
import { HostLink, numbersOf, peerOf, RAW_COLUMNS, serviceOf } from "./words";

/** A lead is of one day, and the panel is narrow. */
const FLOWS = RAW_COLUMNS.map((column) => (column.key === "start" ? { ...column, text: clock } : column));

interface Told {
  lead: Lead | null;
  findings: (Row & { raw_flows: Row[] })[];
  more: number;
}
interface Props {
  lead: Lead | null;
  turn: number;
  comment: string;
  onComment: (text: string) => void;
  onRate: (severity: Severity) => void;
  onChanged: () => void;
}

export function Evidence({ lead, turn, comment, onComment, onRate, onChanged }: Props): JSX.Element {
  const app = useApp();
  if (!lead) return <aside class="panel lead-side" aria-label="Evidence"><Empty title="No lead is chosen" /></aside>;
  return (
    <aside class="panel lead-side" aria-label="Evidence">
      <header class="lead-side-head">
        <h2><HostLink ip={lead.host} /></h2>
        <p class="muted">{[peerOf(lead), serviceOf(lead)].filter(Boolean).join(" ") || "all it did"}</p>
        <nav class="lead-links" aria-label="More of this host"><a href={hashOf({ page: "host", rest: lead.host, params: {} })}>Host page</a><a href={hashOf({ page: "investigate", rest: lead.host, params: {} })}>Investigate</a></nav>
      </header>
      {app.canWrite ? (
        <div class="lead-rate">
          <label class="field"><span>Comment</span><input class="input" value={comment} maxLength={4000} onInput={(event) => onComment(event.currentTarget.value)} /></label>
          <div class="lead-buttons" role="group" aria-label="Rate this lead">{SEVERITIES.map((one) => <button key={one.value} type="button" class="button" onClick={() => onRate(one.value as Severity)}>{one.value} {one.name}</button>)}</div>
          <Hide lead={lead} onChanged={onChanged} />
        </div>
      ) : null}
      <Behind lead={lead} turn={turn} />
    </aside>
  );
}

/** Suppress the pair, the address, or what one finder found. */
function Hide({ lead, onChanged }: { lead: Lead; onChanged: () => void }): JSX.Element {
  const app = useApp();
  const [what, setWhat] = useState("");
  const offers = [
    ...(lead.src_ip && lead.dst_ip ? [{ kind: "pair", value: `${String(lead.src_ip)} ${String(lead.dst_ip)}` }] : []),
    { kind: "address", value: String(lead.dst_ip ?? lead.host) },
    ...(lead.server_name ? [{ kind: "name", value: String(lead.server_name) }] : []),
    ...String(lead.detectors ?? "").split(", ").filter(Boolean).map((value) => ({ kind: "detector", value })),
  ];
  const hide = async () => {
    const one = offers[Number(what)];
    if (what === "" || !one) return;
    try {
      await post("suppressions", { ...one, reason: "hidden from the leads", days: 30 });
      app.toast(`Suppressed for 30 days: ${one.kind} ${one.value}; lift it under Flows, Suppress`, { tone: "good" });
      setWhat("");
      onChanged();
    } catch (error) {
      app.fail(error);
    }
  };
  return (
    <div class="lead-hide">
      <select class="select" aria-label="What to suppress" value={what} onChange={(event) => setWhat(event.currentTarget.value)}>
        <option value="">Suppress for 30 days…</option>
        {offers.map((one, at) => <option key={`${one.kind} ${one.value}`} value={String(at)}>{one.kind} {one.value}</option>)}
      </select>
      <button type="button" class="button is-small" disabled={what === ""} onClick={() => void hide()}>Suppress</button>
    </div>
  );
}

function Behind({ lead, turn }: { lead: Lead; turn: number }): JSX.Element {
  const found = useLoad<Told>(`evidence ${String(lead.lead_id)} ${turn}`, (signal) => get(`leads/${String(lead.lead_id)}`, {}, signal), 80);
  if (found.error) return <Fault error={found.error} retry={found.reload} />;
  if (!found.data) return <Busy what="Reading what is behind it" />;
  return (
    <div class={found.isLoading ? "lead-findings is-stale" : "lead-findings"}>
      {found.data.findings.map((row) => (
        <section key={String(row.finding_id)} class="card">
          <div class="card-head"><strong>{String(row.detector)}</strong><span class="muted">p {Number(row.p_value).toPrecision(3)}</span>{row.technique ? <span class="tag">{String(row.technique)}</span> : null}</div>
          <p class="muted">{[peerOf(row), serviceOf(row)].filter(Boolean).join(" ")}</p>
          <p>{String(row.reason)}</p>
          <dl class="numbers">{numbersOf(row.evidence).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
          <DataTable label={`Raw flows of ${String(row.detector)}`} columns={FLOWS} rows={row.raw_flows} height={160} empty="its flows are not stored any more" />
        </section>
      ))}
      {found.data.more ? <p class="muted">{plural(found.data.more, "more finding")} on the host page.</p> : null}
    </div>
  );
}
