// Numbers and times as people read them. 64-bit counters may come as strings: they are never rounded on the way.
export type Count = number | string | null | undefined;

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

export function number(value: Count): number {
  return value === null || value === undefined || value === "" ? Number.NaN : Number(value);
}

/** 32.3 MB; an absent value is a dash. */
export function bytes(value: Count): string {
  let size = number(value);
  if (Number.isNaN(size)) return "–";
  let unit = 0;
  while (Math.abs(size) >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(size) : size.toFixed(size < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** 1,234,567, digit by digit for long strings. */
export function count(value: Count): string {
  if (value === null || value === undefined || value === "") return "–";
  const text = String(value);
  if (/^-?\d+$/.test(text)) return text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const parsed = Number(text);
  return Number.isNaN(parsed) ? text : parsed.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

export function plural(n: Count, one: string, many = `${one}s`): string {
  return `${count(n)} ${Number(n) === 1 ? one : many}`;
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

export function millis(value: string | number | null | undefined): number {
  if (value === null || value === undefined || value === "") return Number.NaN;
  return typeof value === "number" ? value : Date.parse(value);
}

/** 2020-04-30 00:15:18, UTC. */
export function moment(value: string | number | null | undefined, parts: "full" | "day" | "clock" | "minute" = "full"): string {
  const ms = millis(value);
  if (Number.isNaN(ms)) return "–";
  const at = new Date(ms);
  const day = `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
  const minute = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`;
  if (parts === "day") return day;
  if (parts === "minute") return `${day} ${minute}`;
  const clock = `${minute}:${pad(at.getUTCSeconds())}`;
  return parts === "clock" ? clock : `${day} ${clock}`;
}

export function duration(seconds: Count): string {
  const s = number(seconds);
  if (Number.isNaN(s)) return "–";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 60) return `${s.toFixed(1)} s`;
  if (s < 3600) return both(Math.floor(s / 60), "min", Math.round(s % 60), "s");
  if (s < 86400) return both(Math.floor(s / 3600), "h", Math.round((s % 3600) / 60), "min");
  return both(Math.floor(s / 86400), "d", Math.round((s % 86400) / 3600), "h");
}

const both = (large: number, unit: string, small: number, part: string) => (small ? `${large} ${unit} ${small} ${part}` : `${large} ${unit}`);

/** 4.2k for tight places. */
export function short(value: Count): string {
  const n = number(value);
  if (Number.isNaN(n)) return "–";
  if (Math.abs(n) < 1000) return String(Math.round(n * 10) / 10);
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(n);
}
