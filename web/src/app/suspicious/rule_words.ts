// The words that rules are written in.
export interface Condition {
  field: string;
  operator: string;
  value: unknown;
}

export const FIELDS = [
  "src_ip", "dst_ip", "ip", "src_port", "dst_port", "proto", "service", "direction", "src_bytes", "dst_bytes", "src_packets", "dst_packets",
  "duration_s", "flows", "score", "conn_state", "action", "server_name", "src_as", "dst_as", "sensor", "reason",
];
export const OPERATORS: [operator: string, says: string][] = [
  ["=", "is"],
  ["!=", "is not"],
  ["<=", "at most"],
  [">=", "at least"],
  ["in", "is one of"],
  ["in_cidr", "is in network"],
  ["matches", "matches (regular expression)"],
];

export function conditionText({ field, operator, value }: Condition): string {
  return `${field} ${operator.replace("_", " ")} ${Array.isArray(value) ? value.join(", ") : String(value)}`;
}
