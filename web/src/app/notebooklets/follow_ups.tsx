// What may be done next: first a choice where there is one, each item with its reason; then the work, as a job.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { count, plural } from "../../format";
import { useApp } from "../context";
import { runJob } from "../jobs";
import type { FollowUp, RunResult } from "../types";
import { Icon } from "../ui/icons";

/** Of those that choose among one table; of those without a choice when no table is named. */
export function FollowUps({ result, table, onDone }: { result: RunResult; table: string; onDone: (given: string[]) => void }): JSX.Element | null {
  const { canWrite } = useApp();
  const offered = result.follow_ups.filter((one) => (one.choice?.table ?? "") === table && (!one.choice || one.offered.length));
  if (!canWrite || !offered.length) return null;
  return (
    <section class="panel block is-wide" aria-label="Go on">
      <Group offered={offered} run={result.run} onDone={onDone} />
    </section>
  );
}

/** What may be done with one choice. */
function Group({ offered, run, onDone }: { offered: FollowUp[]; run: string; onDone: (given: string[]) => void }): JSX.Element {
  const app = useApp();
  const rows = offered[0]?.offered ?? [];
  const hasChoice = Boolean(offered[0]?.choice);
  const [chosen, setChosen] = useState(() => rows.filter((row) => row.is_chosen).map((row) => row.item));
  const [at, setAt] = useState<{ name: string; stop: AbortController } | null>(null);
  const begin = async (one: FollowUp) => {
    const stop = new AbortController();
    setAt({ name: one.name, stop });
    try {
      await runJob(`runs/${run}/follow-ups/${one.name}`, hasChoice ? { chosen } : {}, () => undefined, stop.signal);
      onDone(one.gives);
    } catch (error) {
      if (!stop.signal.aborted) app.fail(error);
    } finally {
      setAt(null);
    }
  };
  return (
    <div class="follow-up">
      <h2>Go on</h2>
      {hasChoice ? <><p class="muted section-text">What stands out is chosen already.</p><Choice rows={rows} chosen={chosen} onChange={setChosen} /></> : null}
      <div class="follow-up-act">
        {hasChoice ? <span class="muted">{plural(chosen.length, "item")} of {count(rows.length)} chosen:</span> : null}
        {offered.map((one) => <button key={one.name} type="button" class="button" disabled={at !== null || (hasChoice && !chosen.length)} title={one.is_online ? "Asks others over the network" : undefined} onClick={() => void begin(one)}>{one.is_online ? <Icon name="globe" size={13} /> : null}{at?.name === one.name ? "Working…" : one.title}</button>)}
        {at ? <button type="button" class="button is-small is-quiet" onClick={() => at.stop.abort()}>Cancel</button> : null}
        {offered.some((one) => one.is_online) ? <span class="muted"><Icon name="globe" size={12} /> asks others over the network</span> : null}
      </div>
    </div>
  );
}

function Choice({ rows, chosen, onChange }: { rows: FollowUp["offered"]; chosen: string[]; onChange: (items: string[]) => void }): JSX.Element {
  const [words, setWords] = useState("");
  const shown = useMemo(() => rows.filter((row) => `${row.item} ${row.reason ?? ""}`.toLowerCase().includes(words.trim().toLowerCase())), [rows, words]);
  const held = new Set(chosen);
  const toggle = (item: string) => onChange(held.has(item) ? chosen.filter((one) => one !== item) : [...chosen, item]);
  return (
    <div class="choice-list">
      <div class="data-table-bar">
        <input type="search" class="input" placeholder="Filter" aria-label="Filter what is offered" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        <button type="button" class="link-button" onClick={() => onChange([...new Set([...chosen, ...shown.map((row) => row.item)])])}>all shown</button>
        <button type="button" class="link-button" onClick={() => onChange([])}>none</button>
        <button type="button" class="link-button" onClick={() => onChange(rows.filter((row) => row.is_chosen).map((row) => row.item))}>the suggested</button>
      </div>
      <ul>
        {shown.slice(0, 500).map((row) => (
          <li key={row.item}>
            <label><input type="checkbox" checked={held.has(row.item)} onChange={() => toggle(row.item)} /><strong>{row.item}</strong><span class="muted">{row.reason ?? ""}</span></label>
          </li>
        ))}
      </ul>
    </div>
  );
}
