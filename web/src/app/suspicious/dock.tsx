// What is known of the suspect under the cursor: why, the pair in its minute, the chord of an address.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ChordSpec } from "../../figures/specs";
import { bytes, count, moment, plural } from "../../format";
import { get, rowsOf } from "../api";
import { useLoad } from "../context";
import { SummaryMenu } from "../notebooklets/links";
import { go } from "../route";
import type { Explanation, Row, Suspect } from "../types";
import { FigureBox } from "../ui/figure";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault, Tabs } from "../ui/parts";
import { DataTable } from "../ui/table";
import { DETAIL_COLUMNS, FLOW_COLUMNS } from "./columns";

const SETTLE_MS = 130; // a cursor that runs by asks nothing

interface Props {
  suspect: Suspect | null;
  detector: string;
  chordOf: string | null;
  onChord: (ip: string) => void;
  tab: string;
  onTab: (tab: string) => void;
}

export function Dock({ suspect, detector, chordOf, onChord, tab, onTab }: Props): JSX.Element {
  const ip = chordOf ?? suspect?.src_ip ?? null;
  const tabs = [{ id: "why", label: "Why" }, { id: "pair", label: "Pair and minute" }, { id: "chord", label: ip ? `Chord of ${ip}` : "Chord" }];
  return (
    <section class="dock panel" aria-label="Details">
      <div class="dock-bar">
        <Tabs label="Details" panel="dock-body" tabs={tabs} value={tab} onChange={onTab} />
        {suspect ? (
          <div class="dock-actions">
            {[suspect.src_ip, suspect.dst_ip].map((address) => <button key={address} type="button" class="button is-small is-quiet" title={`Investigate ${address}`} onClick={() => go("investigate", address)}><Icon name="search" size={13} />{address}</button>)}
            <SummaryMenu addresses={[suspect.src_ip, suspect.dst_ip]} />
          </div>
        ) : null}
      </div>
      <div id="dock-body" class="dock-body" role="tabpanel" aria-labelledby={`tab-dock-body-${tab}`} tabIndex={0}>
        {!suspect && tab !== "chord" ? <Empty title="Nothing chosen">Choose a suspect above to see why it is here.</Empty> : null}
        {suspect && tab === "why" ? <Why suspect={suspect} detector={detector} /> : null}
        {suspect && tab === "pair" ? <Pair suspect={suspect} /> : null}
        {tab === "chord" && ip ? <Chord ip={ip} suspect={suspect} onChord={onChord} /> : null}
      </div>
    </section>
  );
}

function Why({ suspect, detector }: { suspect: Suspect; detector: string }): JSX.Element {
  const found = useLoad<Explanation>(`explain ${suspect.flow_id}`, (signal) => get(`explain/${suspect.flow_id}`, {}, signal), SETTLE_MS);
  const [isRawOpen, setRawOpen] = useState(true);
  if (found.error) return <Fault error={found.error} retry={found.reload} />;
  if (!found.data) return <Busy what="Reading the flow" />;
  const { flow, scores, raw, raw_absent } = found.data;
  if (String(flow.flow_id) !== String(suspect.flow_id)) return <Busy what="Reading the flow" />;
  const own = scores.find((one) => one.detector === detector) ?? scores[0];
  return (
    <div class={found.isLoading ? "why is-stale" : "why"}>
      <div class="why-words">
        <ul class="reasons">{(own?.reason ?? suspect.reason).split("; ").map((reason) => <li key={reason}>{reason}</li>)}</ul>
        {suspect.moved_why ? <p class="moved-why">{suspect.moved_why}</p> : null}
        <dl class="facts">
          <Fact label="group" value={`${plural(suspect.flows, "flow")}, ${moment(suspect.first_seen, "clock")} to ${moment(suspect.last_seen, "clock")}`} />
          <Fact label="surprise" value={`${suspect.surprise.toFixed(1)} nats${suspect.adjusted !== null && suspect.adjusted !== suspect.surprise ? `, ${suspect.adjusted.toFixed(1)} with ratings` : ""}`} />
          <Fact label="bytes" value={`${bytes(suspect.src_bytes)} sent, ${bytes(suspect.dst_bytes)} received`} />
          <Fact label="state" value={flow.conn_state} />
          <Fact label="name" value={flow.server_name} />
          <Fact label="sensor" value={flow.sensor} />
          <Fact label="flow" value={suspect.flow_id} />
          {scores.filter((one) => one !== own).map((one) => <Fact key={one.detector} label={one.detector} value={`score ${one.score.toFixed(3)}: ${one.reason}`} />)}
        </dl>
      </div>
      <div class="why-more">
        <details open={isRawOpen} onToggle={(event) => setRawOpen(event.currentTarget.open)}>
          <summary>The record: {String(flow.source_file ?? "").split("/").pop()}, row {count(flow.source_row as number)}</summary>
          {raw === null ? <p class="muted">{raw_absent}</p> : <pre class="raw">{raw}</pre>}
        </details>
        <h3>Flows of {String(flow.src_ip)} around it</h3>
        <DataTable label="Flows around it" columns={FLOW_COLUMNS} rows={rowsOf(found.data.around)} height={400} />
      </div>
    </div>
  );
}

function Fact({ label, value }: { label: string; value: unknown }): JSX.Element | null {
  if (value === null || value === undefined || value === "") return null;
  return <><dt>{label}</dt><dd>{String(value)}</dd></>;
}

function Pair({ suspect }: { suspect: Suspect }): JSX.Element {
  const found = useLoad<Row[]>(`details ${suspect.flow_id}`, async (signal) => rowsOf(await get(`details/${suspect.flow_id}`, {}, signal)), SETTLE_MS);
  if (found.error) return <Fault error={found.error} retry={found.reload} />;
  if (!found.data) return <Busy what="Reading the minute" />;
  const columns = DETAIL_COLUMNS.filter((column) => column.key === "src_ip" || found.data?.some((row) => row[column.key] !== null && row[column.key] !== undefined));
  return (
    <div class={found.isLoading ? "is-stale" : ""}>
      <p class="muted">All flows between {suspect.src_ip} and {suspect.dst_ip}, both ways, in the minute of {moment(suspect.first_seen, "minute")} UTC.</p>
      <DataTable label="Flows of the pair in that minute" columns={columns} rows={found.data} height={400} filterable />
    </div>
  );
}

function Chord({ ip, suspect, onChord }: { ip: string; suspect: Suspect | null; onChord: (ip: string) => void }): JSX.Element {
  const found = useLoad<ChordSpec>(`chord ${ip}`, async (signal) => chordSpec(ip, await get("chord", { ip }, signal)), SETTLE_MS);
  if (found.error) return <Fault error={found.error} retry={found.reload} />;
  if (!found.data) return <Busy what="Adding up the bytes" />;
  const others = suspect ? [suspect.src_ip, suspect.dst_ip].filter((one) => one !== ip) : [];
  return (
    <div class="chord-view">
      <FigureBox spec={found.data} fill caption={false} onTold={(name, value) => name === "picked" && onChord((value as { name: string }).name)} />
      <div class="chord-side">
        <p>Bytes between <strong>{ip}</strong> and the addresses it is suspicious with. Each ribbon is what one end sent; drag or use the arrow keys to turn it.</p>
        {others.map((other) => <button key={other} type="button" class="button is-small" onClick={() => onChord(other)}>Chord of {other}</button>)}
      </div>
    </div>
  );
}

function chordSpec(ip: string, answer: unknown): ChordSpec {
  const made = answer as Partial<ChordSpec> | null;
  if (made && !Array.isArray(made) && made.kind === "chord") return { ...(made as ChordSpec), focus: ip };
  const links = rowsOf(answer).map((row) => ({ source: String(row.src_ip), target: String(row.dst_ip), bytes: row.bytes as number, packets: row.packets as number }));
  const names = [...new Set([ip, ...links.flatMap((link) => [link.source, link.target])])];
  return { kind: "chord", nodes: names.map((name) => ({ name })), links, focus: ip, absent: links.length ? null : `no bytes between ${ip} and addresses it is suspicious with` };
}
