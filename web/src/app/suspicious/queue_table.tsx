// The queue: a suspect is two lines, its facts and its reason in words.
import { memo } from "preact/compat";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { bytes, count, duration, moment } from "../../format";
import type { Id, Suspect } from "../types";
import { Direction, Score, SeverityBadge } from "../ui/parts";

export interface QueueColumn {
  key: string;
  label: string;
  sort: string | null;
  right?: boolean;
  title?: string;
  optional?: boolean;
}

export const COLUMNS: QueueColumn[] = [
  { key: "rank", label: "Rank", sort: "rank", right: true },
  { key: "moved", label: "Moved", sort: "moved", title: "places moved by ratings", optional: true },
  { key: "score", label: "Score", sort: "score" },
  { key: "severity", label: "Rated", sort: "severity", optional: true },
  { key: "time", label: "First seen", sort: "first_seen", title: "UTC", optional: true },
  { key: "source", label: "Source", sort: "src_ip" },
  { key: "direction", label: "Direction", sort: null },
  { key: "destination", label: "Destination", sort: "dst_ip" },
  { key: "proto", label: "Protocol", sort: "proto", optional: true },
  { key: "out", label: "Sent", sort: "src_bytes", right: true, title: "bytes sent by the source", optional: true },
  { key: "in", label: "Received", sort: "dst_bytes", right: true, title: "bytes sent by the destination", optional: true },
  { key: "packets", label: "Packets", sort: "src_packets", right: true, title: "packets of source / destination", optional: true },
  { key: "flows", label: "Flows", sort: "flows", right: true, title: "near-identical flows in this group", optional: true },
];

interface RowHandlers {
  onCursor: (index: number) => void;
  onCheck: (id: Id, extend: boolean) => void;
  onHover: (names: string[]) => void;
  onFilter: (key: string, value: string) => void;
}

interface Props extends RowHandlers {
  rows: Suspect[];
  cursor: number;
  checked: Set<Id>;
  sort: string;
  descending: boolean;
  hidden: Set<string>;
  lit: string | null;
  canWrite: boolean;
  onSort: (key: string, descending: boolean) => void;
}

export function QueueTable(props: Props): JSX.Element {
  const { rows, cursor, checked, sort, descending, hidden, onSort } = props;
  const box = useRef<HTMLTableElement>(null);
  useEffect(() => {
    const row = box.current?.querySelector<HTMLElement>(`[data-index="${cursor}"]`);
    row?.scrollIntoView({ block: "nearest" });
    // the focus goes along with the cursor, unless it is on some control
    const now = document.activeElement;
    if (cursor > 0 && (now === document.body || now?.classList.contains("q-main"))) row?.querySelector<HTMLElement>(".q-main")?.focus({ preventScroll: true });
  }, [cursor, rows]);
  const shown = COLUMNS.filter((column) => !hidden.has(column.key));
  return (
    <table class="queue" ref={box} aria-label="Queue of suspects" aria-rowcount={rows.length}>
      <thead>
        <tr>
          {props.canWrite ? <th scope="col" class="q-check"><span class="hidden">Selected</span></th> : null}
          {shown.map((column) => (
            <th key={column.key} scope="col" class={`q-${column.key}${column.right ? " is-right" : ""}`} aria-sort={column.sort && sort === column.sort ? (descending ? "descending" : "ascending") : undefined}>
              {column.sort ? (
                <button type="button" title={column.title ?? `Sort by ${column.label.toLowerCase()}`} onClick={() => onSort(column.sort ?? "rank", sort === column.sort ? !descending : column.key !== "rank" && column.key !== "source" && column.key !== "destination" && column.key !== "time")}>
                  {column.label}<span aria-hidden="true">{sort === column.sort ? (descending ? " ↓" : " ↑") : ""}</span>
                </button>
              ) : <span class="hidden">{column.label}</span>}
            </th>
          ))}
        </tr>
      </thead>
      {rows.map((row, i) => (
        <QueueRow key={row.suspect_id} row={row} index={i} isCursor={i === cursor} isChecked={checked.has(row.suspect_id)} isLit={props.lit !== null && (row.src_ip === props.lit || row.dst_ip === props.lit)} columns={shown} handlers={props} canWrite={props.canWrite} />
      ))}
    </table>
  );
}

interface RowProps {
  row: Suspect;
  index: number;
  isCursor: boolean;
  isChecked: boolean;
  isLit: boolean;
  columns: QueueColumn[];
  handlers: RowHandlers;
  canWrite: boolean;
}

const QueueRow = memo(
  function QueueRow({ row, index, isCursor, isChecked, isLit, columns, handlers, canWrite }: RowProps): JSX.Element {
    const marks = [isCursor && "is-cursor", isChecked && "is-checked", isLit && "is-lit", row.is_suppressed && "is-suppressed", row.severity && `rated-${row.severity}`];
    const pick = (event: MouseEvent) => {
      handlers.onCursor(index);
      if (canWrite && (event.ctrlKey || event.metaKey || event.shiftKey)) handlers.onCheck(row.suspect_id, event.shiftKey);
    };
    return (
      <tbody class={marks.filter(Boolean).join(" ")} data-index={index} data-suspect={row.suspect_id} onClick={pick} onMouseEnter={() => handlers.onHover([row.src_ip, row.dst_ip])} onMouseLeave={() => handlers.onHover([])}>
        <tr class="q-main" aria-current={isCursor ? "true" : undefined} tabIndex={isCursor ? 0 : -1}>
          {canWrite ? <td class="q-check"><input type="checkbox" aria-label={`Select suspect ${row.rank}`} checked={isChecked} onClick={(event) => { event.stopPropagation(); handlers.onCheck(row.suspect_id, event.shiftKey); }} /></td> : null}
          {columns.map((column) => <td key={column.key} class={`q-${column.key}${column.right ? " is-right" : ""}`}>{cell(column.key, row, handlers)}</td>)}
        </tr>
        <tr class="q-why">
          {canWrite ? <td /> : null}
          <td colSpan={columns.length}>
            <div>
              {row.server_name ? <span class="tag" title="name of the server">{row.server_name}</span> : null}
              {row.is_suppressed ? <span class="tag">suppressed</span> : null}
              {row.moved && row.moved_why ? <span class="moved-why">{row.moved_why}</span> : null}
              <span class="reason">{row.reason}</span>
            </div>
          </td>
        </tr>
      </tbody>
    );
  },
  (a, b) => a.row === b.row && a.isCursor === b.isCursor && a.isChecked === b.isChecked && a.isLit === b.isLit && a.columns.length === b.columns.length && a.index === b.index && a.canWrite === b.canWrite,
);

function cell(key: string, row: Suspect, handlers: RowHandlers): JSX.Element | string {
  switch (key) {
    case "rank": return count(row.rank);
    case "score": return <Score value={row.score} />;
    case "moved": return <Moved by={row.moved} why={row.moved_why} />;
    case "severity": return row.severity ? <SeverityBadge value={row.severity} /> : <span class="muted">–</span>;
    case "time": return <time dateTime={row.first_seen} title={`${moment(row.first_seen)} to ${moment(row.last_seen)} UTC`}><span class="day">{moment(row.first_seen, "day").slice(5)} </span>{moment(row.first_seen, "clock")}</time>;
    case "source": return <End ip={row.src_ip} port={row.src_port} many={Number(row.src_ports ?? 1) > 1 ? row.src_ports : null} name="src" onFilter={handlers.onFilter} />;
    case "direction": return <Direction value={row.direction} />;
    case "destination": return <End ip={row.dst_ip} port={row.dst_port} many={Number(row.dst_ips ?? 1) > 1 ? row.dst_ips : null} name="dst" onFilter={handlers.onFilter} />;
    case "proto": return <span title={row.service ?? undefined}>{row.proto ?? "–"}{row.service ? <span class="muted"> {row.service.split(",")[0]}</span> : null}</span>;
    case "out": return bytes(row.src_bytes);
    case "in": return bytes(row.dst_bytes);
    case "packets": return <span title={row.duration_s === null ? undefined : `in ${duration(row.duration_s)}`}>{count(row.src_packets)}<span class="muted"> / </span>{count(row.dst_packets)}</span>;
    case "flows": return Number(row.flows) > 1 ? <span class="flows">×{count(row.flows)}</span> : "1";
    default: return "";
  }
}

function Moved({ by, why }: { by: number | null; why: string | null }): JSX.Element {
  if (!by) return <span class="muted" aria-label="not moved">·</span>;
  return <span class={by > 0 ? "moved is-up" : "moved is-down"} title={why ?? "others were rated or moved past it"}><span aria-hidden="true">{by > 0 ? "▲" : "▼"}</span><span class="hidden">{by > 0 ? "up" : "down"} </span>{count(Math.abs(by))}</span>;
}

interface EndProps {
  ip: string;
  port: number | null;
  many: unknown;
  name: "src" | "dst";
  onFilter: (key: string, value: string) => void;
}
function End({ ip, port, many, name, onFilter }: EndProps): JSX.Element {
  const isSource = name === "src";
  return (
    <span class="end">
      <span class="address" title={`${ip}: double click filters by it`} onDblClick={() => onFilter(name, ip)}>{ip}</span>
      {many && !isSource ? <span class="muted"> +{count(Number(many) - 1)}</span> : null}
      {port === null ? null : many && isSource ? <span class="muted" title={`${count(many as number)} source ports in the group`}>:*</span> : <span class="port">:{port}</span>}
    </span>
  );
}
