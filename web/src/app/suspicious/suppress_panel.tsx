// Suppressions: what nobody wants to see, why, until when; in force at once and taken back in one click.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { count, moment } from "../../format";
import { get, post, remove, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import type { Row, Suspect } from "../types";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault, Field } from "../ui/parts";

const KINDS: { kind: string; says: string; from: (one: Suspect) => string }[] = [
  { kind: "address", says: "Address", from: (one) => one.dst_ip },
  { kind: "pair", says: "Pair of addresses", from: (one) => `${one.src_ip} ${one.dst_ip}` },
  { kind: "cidr", says: "Network (CIDR)", from: (one) => (one.dst_ip.includes(":") ? `${one.dst_ip}/64` : `${one.dst_ip.replace(/\d+$/, "0")}/24`) },
  { kind: "port", says: "Port", from: (one) => `${one.dst_port ?? ""}` },
  { kind: "name", says: "Server name", from: (one) => one.server_name ?? "" },
  { kind: "as", says: "AS number", from: (one) => String(one.dst_as ?? "") },
  { kind: "detector", says: "Detector", from: () => "" },
];
const TERMS: [days: string, says: string][] = [["1", "1 day"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["", "until lifted"]];

export function SuppressPanel({ suspect, detector, onChanged }: { suspect: Suspect | null; detector: string; onChanged: () => void }): JSX.Element {
  const app = useApp();
  const found = useLoad<Row[]>("suppressions", async (signal) => rowsOf(await get("suppressions", {}, signal), "suppressions"));
  const lift = async (row: Row) => {
    try {
      await remove(`suppressions/${String(row.suppression_id)}`);
      app.toast(`Shown again: ${String(row.kind)} ${String(row.value)}`, { tone: "good" });
      found.reload();
      onChanged();
    } catch (error) {
      app.fail(error);
    }
  };
  return (
    <div class="side-list">
      {app.canWrite ? <SuppressForm suspect={suspect} detector={detector} onMade={() => { found.reload(); onChanged(); }} onLift={lift} /> : null}
      {found.error ? <Fault error={found.error} retry={found.reload} /> : !found.data ? <Busy /> : found.data.length === 0 ? <Empty title="Nothing is suppressed" /> : null}
      <ul>
        {found.data?.map((row) => (
          <li key={String(row.suppression_id)} class="card">
            <div class="card-head"><strong>{String(row.kind)} {String(row.value)}</strong></div>
            <p>{String(row.reason ?? "")}</p>
            <p class="muted">{row.until ? `until ${moment(row.until as string, "minute")}` : "until lifted"} · {String(row.analyst ?? "")}{row.detector ? ` · ${String(row.detector)} only` : ""}</p>
            {app.canWrite ? <button type="button" class="button is-small" onClick={() => void lift(row)}>Lift</button> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface FormProps {
  suspect: Suspect | null;
  detector: string;
  onMade: () => void;
  onLift: (row: Row) => Promise<void>;
}
function SuppressForm({ suspect, detector, onMade, onLift }: FormProps): JSX.Element {
  const app = useApp();
  const [kind, setKind] = useState("address");
  const [value, setValue] = useState("");
  const [reason, setReason] = useState("");
  const [days, setDays] = useState("30");
  const [isOwn, setOwn] = useState(false);
  useEffect(() => {
    if (suspect && !isOwn) setValue(kind === "detector" ? detector : (KINDS.find((one) => one.kind === kind)?.from(suspect) ?? ""));
  }, [suspect?.suspect_id, kind]);
  const preview = useLoad<{ suspects: number; flows: number }>(value ? `${kind} ${value}` : null, (signal) => post("suppressions/preview", { kind, value }, signal), 300);
  const make = async (event: Event) => {
    event.preventDefault();
    try {
      const made = await post<Row>("suppressions", { kind, value, reason, days: days ? Number(days) : null });
      app.toast(`Suppressed: ${kind} ${value}`, { tone: "good", action: { label: "Undo", run: () => void onLift({ ...made, kind, value }) } });
      setReason("");
      setOwn(false);
      onMade();
    } catch (error) {
      app.fail(error);
    }
  };
  return (
    <form class="suppress-form" onSubmit={(event) => void make(event)}>
      <div class="form-row">
        <Field label="Hide by"><select class="select" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>{KINDS.map((one) => <option key={one.kind} value={one.kind}>{one.says}</option>)}</select></Field>
        <Field label="For"><select class="select" value={days} onChange={(event) => setDays(event.currentTarget.value)}>{TERMS.map(([term, says]) => <option key={term} value={term}>{says}</option>)}</select></Field>
      </div>
      <Field label="Value"><input class="input" value={value} onInput={(event) => { setOwn(true); setValue(event.currentTarget.value); }} /></Field>
      <Field label="Reason"><input class="input" required value={reason} onInput={(event) => setReason(event.currentTarget.value)} placeholder="backup server, known scanner…" /></Field>
      <p class="rate-says" role="status">{preview.error ? "not a value of this kind" : preview.data ? <>Would hide <strong>{count(preview.data.suspects)}</strong> suspects, <strong>{count(preview.data.flows)}</strong> flows</> : " "}</p>
      <button type="submit" class="button is-primary is-small" disabled={!value || !reason}><Icon name="check" size={13} />Suppress</button>
    </form>
  );
}
