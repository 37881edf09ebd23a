// Columns that several tables share.
import { bytes, count, moment } from "../../format";
import type { ColumnSpec } from "../ui/table";

const port = (name: string, value: unknown): string => (value === null || value === undefined ? "" : `:${String(value)}`) + (name ? "" : "");
const end = (side: "src" | "dst") => (_: unknown, row: Record<string, unknown>) => `${String(row[`${side}_ip`] ?? "–")}${port(side, row[`${side}_port`])}`;

export const bytesOf = (value: unknown) => bytes(value as number | string | null);
export const countOf = (value: unknown) => count(value as number | string | null);
export const clock = (value: unknown) => moment(value as string | null, "clock");
export const instant = (value: unknown) => moment(value as string | null);
export const fraction = (digits: number) => (value: unknown) => (value === null || value === undefined ? "–" : Number(value).toFixed(digits));

export const SHORT_COLUMNS: ColumnSpec[] = [
  { key: "score", label: "Score", align: "right", text: fraction(3) },
  { key: "first_seen", label: "First seen", text: instant },
  { key: "src_ip", label: "Source", text: end("src") },
  { key: "dst_ip", label: "Destination", text: end("dst") },
  { key: "proto", label: "Proto" },
  { key: "flows", label: "Flows", align: "right", text: countOf },
  { key: "reason", label: "Reason", isLong: true },
];

export const FLOW_COLUMNS: ColumnSpec[] = [
  { key: "start", label: "Start", text: clock },
  { key: "src_ip", label: "Source", text: end("src") },
  { key: "dst_ip", label: "Destination", text: end("dst") },
  { key: "proto", label: "Proto" },
  { key: "service", label: "Service" },
  { key: "src_bytes", label: "Sent", align: "right", text: bytesOf },
  { key: "dst_bytes", label: "Received", align: "right", text: bytesOf },
];

export const DETAIL_COLUMNS: ColumnSpec[] = [
  ...FLOW_COLUMNS,
  { key: "src_packets", label: "Pkts sent", align: "right", text: countOf },
  { key: "dst_packets", label: "Pkts rec.", align: "right", text: countOf },
  { key: "duration_s", label: "Seconds", align: "right", text: fraction(2) },
  { key: "tcp_flags", label: "Flags" },
  { key: "conn_state", label: "State" },
  { key: "tos", label: "ToS" },
  { key: "sensor", label: "Sensor" },
  { key: "in_if", label: "In" },
  { key: "out_if", label: "Out" },
  { key: "server_name", label: "Name" },
];
