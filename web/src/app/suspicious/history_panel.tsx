// Who rated what; each rating can be taken back; a day can be reset and restored.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count, moment, plural } from "../../format";
import { get, parsed, post, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import type { Row } from "../types";
import { Busy, Empty, Fault, SeverityBadge } from "../ui/parts";

interface Props {
  detector: string;
  dates: string[];
  turn: number;
  onChanged: () => void;
}

export function HistoryPanel({ detector, dates, turn, onChanged }: Props): JSX.Element {
  const app = useApp();
  const found = useLoad<Row[]>(`ratings ${turn}`, async (signal) => rowsOf(await get("ratings", { state: "all", limit: 100 }, signal), "ratings"));
  const undo = async (row: Row) => {
    try {
      await post("ratings/undo", { rating_id: row.rating_id });
      app.toast(`Taken back: rating ${String(row.rating_id)}`, { tone: "good" });
      found.reload();
      onChanged();
    } catch (error) {
      app.fail(error);
    }
  };
  const reset = async (date: string) => {
    const yes = await app.confirm({ title: `Reset ${date}?`, text: `All ratings of ${date} for the detector ${detector} are taken back, by whomever they were made. The history keeps them, and you can restore them at once.`, act: "Reset the day", danger: true });
    if (!yes) return;
    try {
      const made = await post<Row>(`days/${date}/reset`, { detector, confirm: true });
      const restore = async () => {
        try {
          await post(`resets/${String(made.reset_id)}/restore`);
          app.toast(`${date} is restored`, { tone: "good" });
          found.reload();
          onChanged();
        } catch (error) {
          app.fail(error);
        }
      };
      app.toast(`${date} is reset`, { tone: "good", action: { label: "Restore", run: () => void restore() } });
      found.reload();
      onChanged();
    } catch (error) {
      app.fail(error);
    }
  };
  return (
    <div class="side-list">
      {found.error ? <Fault error={found.error} retry={found.reload} /> : !found.data ? <Busy /> : found.data.length === 0 ? <Empty title="Nothing is rated yet" /> : null}
      <ul>
        {found.data?.map((row) => (
          <li key={String(row.rating_id)} class={row.undone ? "card is-undone" : "card"}>
            <div class="card-head"><SeverityBadge value={row.severity} /><span class="muted">{moment(row.made as string, "minute")}</span></div>
            <p>{criteriaText(row)}</p>
            {row.comment ? <p class="comment">{String(row.comment)}</p> : null}
            <p class="muted">{plural(row.suspects as number, "suspect")}, {plural(row.flows as number, "flow")} · {String(row.analyst)} · {String(row.origin ?? "")}{row.undone ? ` · taken back${row.undone_by ? ` by ${String(row.undone_by)}` : ""}` : ""}</p>
            {app.canWrite && !row.undone ? <button type="button" class="button is-small" onClick={() => void undo(row)}>Take back</button> : null}
          </li>
        ))}
      </ul>
      {app.canWrite && dates.length ? (
        <details class="folded danger-zone"><summary>Reset a day</summary>{dates.map((date) => <button key={date} type="button" class="button is-small is-danger-quiet" onClick={() => void reset(date)}>Reset {date}…</button>)}</details>
      ) : null}
      <Trail turn={turn} />
    </div>
  );
}

/** All deeds of all people, the latest first. */
function Trail({ turn }: { turn: number }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const found = useLoad<Row[]>(isOpen ? `audit ${turn}` : null, async (signal) => rowsOf(await get("audit", { limit: 200 }, signal)));
  return (
    <details class="folded" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Audit trail</summary>
      {found.error ? <Fault error={found.error} retry={found.reload} /> : null}
      <ul>
        {found.data?.map((row) => (
          <li key={String(row.audit_id)} class="trail"><span class="muted">{moment(row.at as string, "minute")}</span> {String(row.analyst)} <strong>{String(row.verb)}</strong> {String(row.object)} {String(row.object_id ?? "")}</li>
        ))}
      </ul>
    </details>
  );
}

function criteriaText(row: Row): string {
  const criteria = parsed(row.criteria) as Record<string, unknown> | string | null;
  if (typeof criteria === "string") return criteria;
  const told = Object.entries(criteria ?? {}).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0));
  return told.map(([name, value]) => (Array.isArray(value) ? `${count(value.length)} ${name}` : `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)).join(", ") || "everything";
}
