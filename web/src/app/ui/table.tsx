// A table of rows that are all in the browser: sort, filter by words, and only the rows in sight are elements.
// Our own, because every cell is text by construction and a table library would weigh more than the rest of the page.
import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { count } from "../../format";
import type { Row } from "../types";

export interface ColumnSpec {
  key: string;
  label: string;
  align?: "right";
  isLong?: boolean; // takes the room that the others leave, and is cut short there
  text?: (value: unknown, row: Row) => string;
  show?: (row: Row) => ComponentChildren;
  title?: string;
}
interface Props {
  columns: ColumnSpec[];
  rows: Row[];
  label: string;
  sort?: string;
  descending?: boolean;
  height?: number;
  filterable?: boolean;
  onPick?: (row: Row) => void;
  empty?: string;
}

const ROW = 27;
const ALL_DRAWN = 120; // fewer rows are drawn without a window
const SPARE = 12;

const isAbsent = (value: unknown) => value === null || value === undefined || value === "";

export function order(a: unknown, b: unknown): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

export function textOf(column: ColumnSpec, row: Row): string {
  const value = row[column.key];
  if (column.text) return column.text(value, row);
  return isAbsent(value) ? "–" : String(value);
}

/** Shown whole on hover where the cell may be too narrow for it. */
const longText = (value: unknown) => (typeof value === "string" && value.length > 50 ? value : Array.isArray(value) && value.length > 3 ? value.join(", ") : undefined);

const classOf = (column: ColumnSpec) => (column.isLong ? "is-long" : column.align === "right" ? "is-right" : "");

function arrange(rows: Row[], columns: ColumnSpec[], words: string, by: { key: string; descending: boolean }): Row[] {
  const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (row: Row, word: string) => columns.some((column) => textOf(column, row).toLowerCase().includes(word));
  const kept = sought.length ? rows.filter((row) => sought.every((word) => has(row, word))) : rows;
  if (!by.key) return kept;
  const sign = by.descending ? -1 : 1;
  return [...kept].sort((a, b) => {
    const [x, y] = [a[by.key], b[by.key]];
    if (isAbsent(x) || isAbsent(y)) return Number(isAbsent(x)) - Number(isAbsent(y)); // the absent stay last
    return sign * order(x, y);
  });
}

export function DataTable(props: Props): JSX.Element {
  const { columns, rows, label, height = 360, onPick, empty = "No rows" } = props;
  const [by, setBy] = useState({ key: props.sort ?? "", descending: props.descending ?? false });
  const [words, setWords] = useState("");
  const [top, setTop] = useState(0);
  const shown = useMemo(() => arrange(rows, columns, words, by), [rows, words, by, columns]);
  const isWindowed = shown.length > ALL_DRAWN;
  const first = isWindowed ? Math.max(0, Math.floor(top / ROW) - SPARE) : 0;
  const last = isWindowed ? Math.min(shown.length, Math.ceil((top + height) / ROW) + SPARE) : shown.length;
  const gap = (n: number) => (n > 0 ? <tr aria-hidden="true" class="gap"><td colSpan={columns.length} style={{ height: `${n * ROW}px` }} /></tr> : null);
  return (
    <div class="data-table">
      {props.filterable && rows.length > 8 ? (
        <div class="data-table-bar">
          <input type="search" class="input" placeholder="Filter these rows" aria-label={`Filter: ${label}`} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          <span class="muted">{words ? `${count(shown.length)} of ${count(rows.length)}` : `${count(rows.length)} rows`}</span>
        </div>
      ) : null}
      <div class="data-table-scroll" style={{ maxHeight: `${height}px` }} tabIndex={0} role="region" aria-label={label} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <table aria-rowcount={shown.length + 1}>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} by={by} onSort={setBy} />
              ))}
            </tr>
          </thead>
          <tbody>
            {gap(first)}
            {shown.slice(first, last).map((row, i) => (
              <tr key={first + i} aria-rowindex={first + i + 2} class={onPick ? "is-pickable" : ""} onClick={onPick ? () => onPick(row) : undefined}>
                {columns.map((column) => (
                  <td key={column.key} class={classOf(column)} title={longText(row[column.key])}>{column.show ? column.show(row) : textOf(column, row)}</td>
                ))}
              </tr>
            ))}
            {gap(shown.length - last)}
          </tbody>
        </table>
        {shown.length === 0 ? <p class="muted data-table-empty">{empty}</p> : null}
      </div>
    </div>
  );
}

interface HeadingProps {
  column: ColumnSpec;
  by: { key: string; descending: boolean };
  onSort: (by: { key: string; descending: boolean }) => void;
}
function Heading({ column, by, onSort }: HeadingProps): JSX.Element {
  const isChosen = by.key === column.key;
  return (
    <th scope="col" class={classOf(column)} aria-sort={isChosen ? (by.descending ? "descending" : "ascending") : "none"}>
      <button type="button" title={column.title ?? `Sort by ${column.label}`} onClick={() => onSort({ key: column.key, descending: isChosen ? !by.descending : column.align === "right" })}>
        {column.label}<span class="sort-mark" aria-hidden="true">{isChosen ? (by.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}
