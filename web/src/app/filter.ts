// The filter bar's language: `src:10.0.0.0/8 port:22,80-90 bytes>1MB dir:outbound no answer`, to what the queue asks for.
export interface Key {
  key: string;
  field: string;
  says: string;
  example: string;
}

export const KEYS: Key[] = [
  { key: "ip", field: "ip", says: "either end: address or CIDR, several by comma", example: "ip:10.0.1.4" },
  { key: "src", field: "src_ip", says: "source address or CIDR", example: "src:10.0.0.0/8" },
  { key: "dst", field: "dst_ip", says: "destination address or CIDR", example: "dst:192.168.0.5" },
  { key: "sport", field: "src_port", says: "source ports", example: "sport:1024-65535" },
  { key: "port", field: "dst_port", says: "destination ports", example: "port:22,80-90" },
  { key: "proto", field: "proto", says: "protocol", example: "proto:udp" },
  { key: "dir", field: "direction", says: "outbound, inbound, internal, external", example: "dir:outbound" },
  { key: "bytes", field: "bytes", says: "bytes both ways", example: "bytes>1MB" },
  { key: "after", field: "start", says: "seen at or after (UTC)", example: "after:2020-04-30T00:10" },
  { key: "before", field: "end", says: "seen before (UTC)", example: "before:2020-05-01" },
  { key: "reason", field: "reason", says: "words in the reason", example: 'reason:"no answer"' },
  { key: "name", field: "name", says: "words in the server's name", example: "name:example.org" },
  { key: "severity", field: "severity", says: "1 high, 2 medium, 3 low", example: "severity:1" },
  { key: "suppressed", field: "include_suppressed", says: "show the suppressed too", example: "suppressed:yes" },
];
const ALIASES: Record<string, string> = { dport: "port", dst_port: "port", src_port: "sport", src_ip: "src", dst_ip: "dst", direction: "dir", from: "after", to: "before", why: "reason", protocol: "proto", host: "ip" };
const BY_KEY = new Map(KEYS.map((key) => [key.key, key]));
const SCALE: Record<string, number> = { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12 };
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)(\/\d{1,3})?$/i;

export interface Token {
  key: string; // "" is free text
  op: ":" | ">" | "<";
  value: string;
}

/** Splits by blanks; quotes keep words together. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(/([A-Za-z_]+)([:<>]=?)("([^"]*)"|\S*)|"([^"]*)"|\S+/g)) {
    const whole = match[0];
    const key = match[1] ? (ALIASES[match[1].toLowerCase()] ?? match[1].toLowerCase()) : "";
    if (key && BY_KEY.has(key)) {
      found.push({ key, op: match[2]?.[0] as Token["op"], value: match[4] ?? match[3] ?? "" });
    } else {
      const value = match[5] ?? whole;
      found.push(ADDRESS.test(value) ? { key: "ip", op: ":", value } : { key: "", op: ":", value });
    }
  }
  return found.filter((token) => token.value !== "");
}

export function textOf(list: Token[]): string {
  return list.map(({ key, op, value }) => (key ? `${key}${op}` : "") + (/[\s"]/.test(value) ? `"${value.replace(/"/g, "")}"` : value)).join(" ");
}

export function tokenText(token: Token): string {
  return textOf([token]);
}

function amount(text: string): number {
  const match = /^([\d.]+)\s*([a-z]*)$/i.exec(text.trim());
  const scale = SCALE[(match?.[2] ?? "?").toLowerCase()];
  if (!match || scale === undefined) throw new Error(`not a size: ${text}; write 500kB or 1.5MB`);
  return Math.round(Number(match[1]) * scale);
}

function instant(text: string): string {
  const filled = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`;
  if (Number.isNaN(Date.parse(filled))) throw new Error(`not a time: ${text}; write 2020-04-30T00:10`);
  return new Date(Date.parse(filled)).toISOString();
}

/** The queue's filter fields; of two tokens for one field, lists are joined and otherwise the last holds. */
export function fieldsOf(list: Token[]): Record<string, string> {
  const fields: Record<string, string> = {};
  const words: string[] = [];
  for (const { key, op, value } of list) {
    const field = BY_KEY.get(key)?.field;
    if (!field) words.push(value);
    else if (field === "bytes") {
      const range = /^(.+)\.\.(.+)$/.exec(value);
      if (range) [fields.min_bytes, fields.max_bytes] = [String(amount(range[1] ?? "")), String(amount(range[2] ?? ""))];
      else fields[op === "<" ? "max_bytes" : "min_bytes"] = String(amount(value.replace(/^=/, "")));
    } else if (field === "start" || field === "end") fields[field] = instant(value);
    else if (field === "include_suppressed") fields[field] = /^(y|yes|true|1)$/i.test(value) ? "true" : "";
    else if (field === "severity") fields[field] = ({ high: "1", medium: "2", low: "3" } as Record<string, string>)[value.toLowerCase()] ?? value;
    else fields[field] = fields[field] ? `${fields[field]},${value}` : value;
  }
  if (words.length) fields.text = words.join(" ");
  return fields;
}

/** Sets, extends or clears one key. */
export function withToken(list: Token[], key: string, value: string | null): Token[] {
  const others = list.filter((token) => token.key !== key);
  return value === null || value === "" ? others : [...others, { key, op: ":", value }];
}

export function valueOf(list: Token[], key: string): string {
  return list.filter((token) => token.key === key).map((token) => token.value).join(",");
}
