// Columns of a result's table: typed by the server, named as everywhere else; addresses lead on.
import type { JSX } from "preact";
import { columnOf } from "../investigate/columns";
import { bytesOf, countOf, fraction, instant } from "../suspicious/columns";
import type { Row, RunSection } from "../types";
import type { ColumnSpec } from "../ui/table";
import { summaryLink } from "./asked";

const ADDRESS = /(^|_)ip$|IP$|^(peer|address|source|dest)$/;
const IS_ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)$/i;
const NAMES = /(^|_)(port|id|as)$|^(year|Port|DestPort|SrcPort)$/;
/** Columns that pages are too narrow for; files have them. */
const NARROW = new Set(["extra", "source_file", "source_row", "source_kind", "uid", "community_id", "flow_id", "event_id"]);

export function rowsOfSection(section: RunSection): Row[] {
  const names = (section.columns ?? []).map((column) => column.name);
  return (section.rows ?? []).map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at]])));
}

/** Columns that some row fills. `next` is the notebooklet that an address leads to. */
export function columnsOfSection(section: RunSection, rows: Row[], next: { name: string; start: string; end: string } | null): ColumnSpec[] {
  const filled = (section.columns ?? []).filter(({ name }) => !NARROW.has(name) && rows.some((row) => row[name] !== null && row[name] !== undefined && row[name] !== ""));
  return filled.map(({ name, type }): ColumnSpec => {
    const own = columnOf(name);
    if (type === "text" && next && ADDRESS.test(name)) return { ...own, show: (row) => <Address text={row[name]} next={next} /> };
    if (/^Bytes|Bytes$/.test(name)) return { ...own, align: "right", text: bytesOf };
    if (type === "integer") return NAMES.test(name) ? { ...own, align: "right", text: (value) => (value === null ? "–" : String(value)) } : { ...own, align: "right", text: own.align ? (own.text ?? countOf) : countOf };
    if (type === "list") return { key: name, label: own.label, text: listed };
    if (type === "number") return { ...own, align: "right", text: own.align && own.text ? own.text : fraction(3) };
    if (type === "time") return { ...own, text: instant };
    if (type === "boolean") return name === "is_internal" ? own : { ...own, text: (value) => (value === null || value === undefined ? "–" : value ? "yes" : "no") };
    return own;
  });
}

const listed = (value: unknown) => (Array.isArray(value) && value.length ? value.map(String).join(", ") : "–");

function Address({ text, next }: { text: unknown; next: { name: string; start: string; end: string } }): JSX.Element {
  const word = text === null || text === undefined || text === "" ? "–" : String(text);
  return IS_ADDRESS.test(word) ? <a class="cell-link" href={summaryLink(next.name, word, next.start, next.end)}>{word}</a> : <>{word}</>;
}
