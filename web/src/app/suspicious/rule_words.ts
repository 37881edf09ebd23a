// The words that rules are written in; the server's word is the last.
export interface Condition {
  field: string;
  operator: string;
  value: unknown;
}

export const FIELDS = [
  "src_ip", "dst_ip", "ip", "src_port", "dst_port", "port", "proto", "service", "direction", "bytes", "src_bytes", "dst_bytes", "packets",
  "src_packets", "dst_packets", "duration_s", "flows", "score", "surprise", "reason", "conn_state", "action", "server_name", "src_host", "dst_host",
  "src_as", "dst_as", "as", "sensor", "tcp_flags", "icmp_type", "icmp_code",
];
const RANGES = new Set(["src_ip", "dst_ip", "ip", "src_port", "dst_port", "port"]); // sets of these are texts like 22,80-90

export const OPERATORS: [operator: string, says: string][] = [
  ["=", "is"],
  ["!=", "is not"],
  ["<=", "is at most"],
  [">=", "is at least"],
  ["in", "is one of"],
  ["cidr", "is in network"],
  ["matches", "matches (regular expression)"],
  ["contains", "contains"],
];

export function conditionText({ field, operator, value }: Condition): string {
  return `${field} ${operator} ${Array.isArray(value) ? value.join(", ") : String(value)}`;
}

/** A condition as the server takes it. */
export function sent({ field, operator, value }: Condition): Condition {
  const text = String(value).trim();
  const isList = operator === "in" && !RANGES.has(field);
  return { field, operator, value: isList ? text.split(/[,\s]+/).filter(Boolean) : text };
}
