// Named checks that need no model: fan-out, fan-in, port sweeps. Turned on and off for the whole workspace.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count } from "../../format";
import { get, put, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import type { Row } from "../types";
import { Busy, Empty, Fault } from "../ui/parts";

const CHECKS: [name: string, label: string, says: string][] = [
  ["fan_out", "Fan-out", "distinct destinations of one source"],
  ["fan_in", "Fan-in", "distinct sources of one destination"],
  ["port_sweep", "Port sweep", "distinct ports one source tries on one destination"],
];

interface Found {
  rows: Row[];
  off: string[];
}

const foundOf = (answer: unknown): Found => ({ rows: rowsOf(answer, "findings"), off: (answer as { off?: string[] }).off ?? [] });

const text = (value: unknown) => (typeof value === "string" ? value : null);

export function ChecksPanel({ onFilter }: { onFilter: (keys: Record<string, string | null>) => void }): JSX.Element {
  const { canWrite, fail } = useApp();
  const [limits, setLimits] = useState<Record<string, string>>({ fan_out: "20", fan_in: "20", port_sweep: "20" });
  const found = useLoad<Found>(JSON.stringify(limits), async (signal) => foundOf(await get("heuristics", limits, signal)), 350);
  const off = found.data?.off ?? [];
  const toggle = (name: string) => put(`heuristics/${name}`, { on: off.includes(name) }).then(found.reload, fail);
  return (
    <div class="side-list">
      <fieldset class="checks">
        <legend class="hidden">Checks</legend>
        {CHECKS.map(([name, label, says]) => (
          <div class="check" key={name} title={says}>
            <input type="checkbox" id={`check-${name}`} checked={!off.includes(name)} disabled={!canWrite || !found.data} onChange={() => toggle(name)} />
            <label for={`check-${name}`}>{label}</label>
            <span class="muted">more than</span>
            <input class="input" type="number" min="1" aria-label={`${label}: more than`} value={limits[name]} onInput={(event) => setLimits({ ...limits, [name]: event.currentTarget.value })} />
          </div>
        ))}
      </fieldset>
      {found.error ? <Fault error={found.error} retry={found.reload} /> : found.isLoading && !found.data ? <Busy what="Counting peers" /> : found.data?.rows.length === 0 ? <Empty title="No check fires">Lower a limit to see the nearest ones.</Empty> : null}
      <ul>
        {found.data?.rows.map((row) => (
          <li key={`${String(row.name)} ${String(row.src_ip)} ${String(row.dst_ip)}`} class="card">
            <div class="card-head"><strong>{CHECKS.find(([name]) => name === row.name)?.[1] ?? String(row.name)}</strong><span class="muted">{count(row.count as number)}</span></div>
            <p>{String(row.says)}</p>
            <button type="button" class="button is-small" onClick={() => onFilter({ src: text(row.src_ip), dst: text(row.dst_ip) })}>Show its suspects</button>
          </li>
        ))}
      </ul>
    </div>
  );
}
