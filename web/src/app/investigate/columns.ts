import { bytesOf, countOf, fraction, instant } from "../suspicious/columns";
import type { Row } from "../types";
import type { ColumnSpec } from "../ui/table";

const WAY_MARKS: Record<string, string> = { outbound: "→ outbound", inbound: "← inbound", "two way": "↔ two way" };
const wayText = (value: unknown) => WAY_MARKS[String(value)] ?? String(value ?? "–");
const BYTES = /bytes/;
const NUMBER = /connections|packets|ports|flows|^total|^max|^mean/;
const TIME = /^(first|last)_seen$|^start$|^end$/;

const LABELS: Record<string, string> = {
  src_ip: "Source", dst_ip: "Destination", dst_port: "Port", proto: "Proto", first_seen: "First seen", last_seen: "Last seen", connections: "Connections",
  as_number: "AS", packets_out: "Packets out", packets_in: "Packets in", connections_to_peer: "Opened to it", connections_from_peer: "Opened by it", server_name: "Name", peer: "Peer", way: "Way", is_internal: "Where", bytes_out: "Bytes out", bytes_in: "Bytes in", as: "AS", lat: "Lat", lon: "Lon",
};

/** A column for whatever key an answer carries, typed by its name. */
export function columnOf(key: string): ColumnSpec {
  const label = LABELS[key] ?? titled(key);
  if (key === "way") return { key, label, text: wayText };
  if (key === "is_internal") return { key, label, text: (value) => (value === null || value === undefined ? "–" : value ? "internal" : "external") };
  if (TIME.test(key)) return { key, label, text: instant };
  if (/^mean/.test(key)) return { key, label, align: "right", text: BYTES.test(key) ? bytesOf : fraction(1) };
  if (BYTES.test(key)) return { key, label, align: "right", text: bytesOf };
  if (key === "dst_port" || key === "src_port" || /(^|_)as(_number)?$/.test(key)) return { key, label, align: "right" };
  if (NUMBER.test(key)) return { key, label, align: "right", text: (value) => (typeof value === "number" || /^\d+$/.test(String(value)) ? countOf(value) : String(value ?? "–")) };
  return { key, label, text: (value) => (Array.isArray(value) ? value.join(", ") : value === null || value === undefined || value === "" ? "–" : String(value)) };
}

const SHORT = /\b(asn?|ip|ti|url|uri|dns|tls|http|id|os)\b/g;
/** A key in words: dest_asn and DestASN are both Dest ASN. */
export function titled(key: string): string {
  const apart = key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  const words = apart.replace(/_/g, " ").toLowerCase().replace(/\bsrc\b/, "source").replace(/\bdst\b/, "dest.").replace(SHORT, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// What is read first stands first; the rest follows as it came.
const FIRST = ["peer", "way", "is_internal", "connections", "bytes_out", "bytes_in", "services", "network", "server_name", "country", "city", "owner", "first_seen", "last_seen", "ports"];
const rankOf = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);

/** Columns of the rows that are there; those that no row fills are left out. */
export function columnsOf(rows: Row[], except: string[] = []): ColumnSpec[] {
  const keys = [...new Set(rows.slice(0, 200).flatMap((row) => Object.keys(row)))];
  if (keys.includes("peer")) keys.sort((a, b) => rankOf(a) - rankOf(b));
  const filled = keys.filter((key) => !except.includes(key) && rows.some((row) => row[key] !== null && row[key] !== undefined && row[key] !== ""));
  return filled.map(columnOf);
}
