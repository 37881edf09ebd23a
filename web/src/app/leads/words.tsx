// What a lead or finding says of its ends; who is named first, and what its columns are.
import type { JSX } from "preact";
import { count, moment } from "../../format";
import { hashOf } from "../route";
import type { Row } from "../types";
import { SeverityBadge } from "../ui/parts";
import type { ColumnSpec } from "../ui/table";
import { bytesOf, countOf, fraction, instant } from "../suspicious/columns";

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

/** The other end of a lead or finding, its name first; whoever the host is. */
export function peerOf(row: Row): string {
  if (row.host && row.host === row.dst_ip && row.src_ip !== row.host) return row.src_ip ? `from ${text(row.src_ip)}` : "";
  const [name, address] = [text(row.server_name), text(row.dst_ip)];
  return name && address && name !== address ? `${name} (${address})` : name || address;
}

export function serviceOf(row: Row): string {
  return [row.service_port, row.proto].filter((one) => one !== null && one !== undefined).join("/");
}

export function shareOf(q: unknown): string {
  const value = Number(q);
  return Number.isNaN(value) ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(3);
}

export function HostLink({ ip }: { ip: unknown }): JSX.Element {
  return <a class="address" href={hashOf({ page: "host", rest: text(ip), params: {} })}>{text(ip)}</a>;
}

export function Standing({ row }: { row: Row }): JSX.Element {
  return <>{row.severity ? <SeverityBadge value={row.severity} /> : null}{row.is_suppressed ? <span class="tag">suppressed</span> : null}</>;
}

/** How many of the leads down to the last that is shown are to be expected to be false. */
export function expectedFalse(downTo: number, wrong: number): string {
  return downTo ? `of the first ${count(downTo)} some ${wrong.toFixed(1)} are expected to be false` : "";
}

/** From when to when, to the minute; the day once when it is one. */
export function seen(first: string, last: string): string {
  const [from, to] = [moment(first, "minute"), moment(last, "minute")];
  return from === to ? from : `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}

/** The last part of a path: a whole one hides the line behind it. */
const fileName = (path: unknown): string => text(path).split(/[\\/]/).pop() ?? "";
const short = (digits: number) => (value: unknown) => (value === null || value === undefined ? "–" : Number(value).toPrecision(digits));
const day = (value: unknown) => moment(value as string | null, "day");
const peer: ColumnSpec = { key: "dst_ip", label: "Peer", text: (_, row) => peerOf(row) || "–" };
const service: ColumnSpec = { key: "service_port", label: "Service", text: (_, row) => serviceOf(row) || "–" };

export const LEAD_COLUMNS: ColumnSpec[] = [
  { key: "day", label: "Day", text: day },
  { key: "rank", label: "Rank", align: "right", text: countOf },
  { key: "score", label: "Score", align: "right", text: fraction(4) },
  { key: "q_value", label: "q", align: "right", text: shareOf, title: "expected share of false leads down to this one" },
  { key: "severity", label: "Rated", show: (row) => <Standing row={row} /> },
  peer, service,
  { key: "flows", label: "Flows", align: "right", text: countOf },
  { key: "src_bytes", label: "Sent", align: "right", text: bytesOf },
  { key: "dst_bytes", label: "Received", align: "right", text: bytesOf },
  { key: "detectors", label: "Found by" },
  { key: "technique", label: "Technique" },
  { key: "reason", label: "Reason", isLong: true },
];
export const FINDING_COLUMNS: ColumnSpec[] = [
  { key: "day", label: "Day", text: day },
  { key: "detector", label: "Found by" },
  { key: "p_value", label: "p", align: "right", text: short(3), title: "chance of something as extreme by what is normal" },
  { key: "technique", label: "Technique" },
  peer, service,
  { key: "flows", label: "Flows", align: "right", text: countOf },
  { key: "first_seen", label: "Seen", text: (first, row) => seen(first as string, row.last_seen as string) },
  { key: "reason", label: "Reason", isLong: true },
];
export const RAW_COLUMNS: ColumnSpec[] = [
  { key: "start", label: "Start", text: instant },
  { key: "src_ip", label: "Source", text: (_, row) => `${text(row.src_ip)}${row.src_port === null ? "" : `:${text(row.src_port)}`}` },
  { key: "dst_ip", label: "Destination", text: (_, row) => `${text(row.dst_ip)}${row.dst_port === null ? "" : `:${text(row.dst_port)}`}` },
  { key: "proto", label: "Proto" },
  { key: "conn_state", label: "State" },
  { key: "src_bytes", label: "Sent", align: "right", text: bytesOf },
  { key: "dst_bytes", label: "Received", align: "right", text: bytesOf },
  { key: "server_name", label: "Name" },
  { key: "source_file", label: "File and line", text: (_, row) => `${fileName(row.source_file)}:${text(row.source_row)}` },
  { key: "flow_id", label: "Flow", align: "right", text: (value) => text(value) },
];

/** Numbers of a finding's evidence as words. */
export function numbersOf(evidence: unknown): [name: string, value: string][] {
  if (!evidence || typeof evidence !== "object") return [];
  return Object.entries(evidence as Row).map(([name, value]) => [name.replace(/_/g, " "), typeof value === "number" ? (Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6)))) : typeof value === "object" ? JSON.stringify(value) : text(value)]);
}
