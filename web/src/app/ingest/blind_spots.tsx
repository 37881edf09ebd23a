// What could not have been seen in the stored flows, so that an empty list of leads is not read as "all is well".
import type { JSX } from "preact";
import { count } from "../../format";
import { get } from "../api";
import { useLoad } from "../context";
import { seen } from "../leads/words";
import { Busy, Fault } from "../ui/parts";

interface BlindSpot {
  kind: string;
  place: string;
  how_much: string;
  since: string | null;
  until: string | null;
  hides: string;
  detectors: string;
  advice: string;
}

export function BlindSpots({ start, end }: { start: string; end: string }): JSX.Element {
  const found = useLoad<{ rows: BlindSpot[] }>(`blind spots ${start} ${end}`, (signal) => get("blind-spots", { start, end }, signal));
  const rows = found.data?.rows ?? [];
  return (
    <section class="panel block is-wide" aria-label="Blind spots">
      <h2>Blind spots {found.data ? <span class="muted">{count(rows.length)}</span> : null}</h2>
      {found.error ? <Fault error={found.error} retry={found.reload} /> : !found.data ? <Busy what="Looking for what could not be seen" /> : rows.length ? (
        <div class="blind-spots">{rows.map((row, at) => <Spot key={at} row={row} />)}</div>
      ) : <p class="muted">Nothing is known that hides traffic from the detectors.</p>}
    </section>
  );
}

function Spot({ row }: { row: BlindSpot }): JSX.Element {
  return (
    <article class="card">
      <div class="card-head"><strong>{row.kind}</strong><span class="muted">{row.place}</span></div>
      <p>{row.how_much}</p>
      {row.since && row.until ? <p class="muted">{seen(row.since, row.until)} UTC</p> : null}
      <dl class="spot-facts">
        <div><dt>hides</dt><dd>{row.hides}</dd></div>
        {row.detectors ? <div><dt>detectors that suffer</dt><dd>{row.detectors}</dd></div> : null}
        <div><dt>what to do</dt><dd>{row.advice}</dd></div>
      </dl>
    </article>
  );
}
