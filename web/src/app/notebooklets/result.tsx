// What a run found: values, then its sections in their order, what is absent and why, and what became of each step.
import { Fragment, type JSX } from "preact";
import { useMemo } from "preact/hooks";
import { bytes, count, moment } from "../../format";
import { useApp } from "../context";
import { titled } from "../investigate/columns";
import type { Card, RunResult, RunSection } from "../types";
import { FigureBox } from "../ui/figure";
import { Icon } from "../ui/icons";
import { Empty, Tile } from "../ui/parts";
import { DataTable } from "../ui/table";
import { askedOf, fileOf, linkOf, tableFileOf } from "./asked";
import { useCards } from "./cards";
import { columnsOfSection, rowsOfSection } from "./columns";
import { FollowUps } from "./follow_ups";
import { StepTable, stepsInWords } from "./steps";

const FORMATS: [format: string, says: string][] = [["html", "HTML"], ["excel", "Excel"], ["json", "JSON"]];
const isFact = (section: RunSection) => section.kind === "value" || section.kind === "entity" || section.kind === "entities";
const isLarge = (section: RunSection) => section.kind === "figure" || (section.columns?.length ?? 0) > 5;
const isEmpty = (section: RunSection) => section.absent !== null || section.total === 0;

export function ResultView({ result, card, onChange }: { result: RunResult; card: Card; onChange: (given: string[]) => void }): JSX.Element {
  const there = result.sections.filter((section) => !isEmpty(section));
  const shown = there.filter((section) => !isFact(section));
  const wide = useMemo(() => widths(shown), [result]);
  const missing = result.sections.filter(isEmpty);
  return (
    <div class="findings">
      <Head result={result} card={card} facts={there.filter(isFact)} />
      {shown.length > 2 ? <nav class="run-contents" aria-label="Sections">{shown.map((section) => <button key={section.id} type="button" class="tag" onClick={() => reveal(section.id)}>{section.title}{section.total === undefined ? null : <span class="tab-count">{count(section.total)}</span>}</button>)}</nav> : null}
      <div class="story-grid">
        {shown.map((section) => (
          <Fragment key={section.id}>
            <SectionView section={section} result={result} isWide={wide.has(section.id)} />
            <FollowUps result={result} table={section.id} onDone={onChange} />
          </Fragment>
        ))}
        {shown.length === 0 ? <section class="panel block is-wide"><Empty title="Nothing was found">Below is what was looked for, and why there is nothing.</Empty></section> : null}
        <FollowUps result={result} table="" onDone={onChange} />
        <section class="panel block is-wide">
          <details class="run-details" open={!result.is_complete || shown.length === 0}><summary>{stepsInWords(result.steps)}</summary><StepTable steps={result.steps} /></details>
          {missing.length ? <details class="run-details"><summary>{count(missing.length)} without anything to show</summary><table class="plain"><tbody>{missing.map((section) => <tr key={section.id}><th scope="row" title={section.description}>{section.title}</th><td class="muted">{[section.absent ?? "no rows", section.note].filter(Boolean).join("; ")}</td></tr>)}</tbody></table></details> : null}
        </section>
      </div>
    </div>
  );
}

/** Sections that take the whole width: large ones, and small ones that nothing small follows. */
function widths(sections: RunSection[]): Set<string> {
  const wide = new Set<string>();
  for (let at = 0; at < sections.length; at += 1) {
    const [one, next] = [sections[at], sections[at + 1]];
    if (!one) break;
    if (isLarge(one) || !next || isLarge(next)) wide.add(one.id);
    else at += 1; // the two share a line
  }
  return wide;
}

export function reveal(id: string): void {
  document.getElementById(`section-${id}`)?.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function Head({ result, card, facts }: { result: RunResult; card: Card; facts: RunSection[] }): JSX.Element {
  const app = useApp();
  const window = [result.start, result.end].some(Boolean) ? `${moment(result.start, "minute")} to ${moment(result.end, "minute")}` : "all that is stored";
  const copy = () => {
    const link = `${location.origin}${location.pathname}${linkOf(card.name, askedOf(card, result))}`;
    navigator.clipboard.writeText(link).then(() => app.toast("The link is copied; it runs the same again", { tone: "good" }), () => app.toast("The browser did not allow copying; the address bar has the link"));
  };
  return (
    <section class="panel block">
      <header class="block-head">
        <div class="run-title"><h2>{result.value ?? "data"}</h2><p class="muted">{window} · {moment(result.made)} UTC{result.is_complete ? "" : " · not complete"}</p></div>
        <div class="story-actions">
          {FORMATS.map(([format, says]) => <a key={format} class="button is-small" href={fileOf(result.run, format)} download><Icon name="download" size={13} />{says}</a>)}
          <button type="button" class="button is-small" onClick={copy}><Icon name="link" size={13} />Link</button>
        </div>
      </header>
      {facts.length ? <dl class="tiles is-small">{told(facts).flatMap(tilesOf)}</dl> : null}
    </section>
  );
}

/** Values; an entity that only says again what a value says is left out. */
function told(facts: RunSection[]): RunSection[] {
  const said = new Set(facts.filter((section) => section.kind === "value").map((section) => section.text));
  return facts.filter((section) => section.kind === "value" || !said.has(section.text));
}

/** A value as one tile; an object as one for each of its plain members. */
function tilesOf(section: RunSection): JSX.Element[] {
  const value = section.value;
  if (section.kind === "value" && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const members = Object.entries(value as Record<string, unknown>).filter(([, one]) => one !== null && one !== "" && typeof one !== "object");
    return members.map(([name, one]) => <Tile key={`${section.id}.${name}`} label={titled(name)} value={/bytes/.test(name) ? bytes(one as number) : plainText(one)} />);
  }
  const text = Array.isArray(value) && section.kind === "value" ? value.map(plainText).join(", ") : section.kind === "value" ? plainText(value ?? section.text) : section.text ?? "";
  return text ? [<Tile key={section.id} label={section.title} value={text} note={section.note || undefined} />] : [];
}

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
function plainText(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : value.toFixed(3);
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return ISO.test(text) ? moment(text) : text;
}

function SectionView({ section, result, isWide }: { section: RunSection; result: RunResult; isWide: boolean }): JSX.Element {
  return (
    <section id={`section-${section.id}`} class={isWide ? "panel block is-wide" : "panel block"} aria-label={section.title}>
      <header class="block-head section-head">
        <h2 title={section.id}>{section.title}</h2>
        {section.columns ? <a class="button is-small is-quiet" href={tableFileOf(result.run, section.id)} download title="All rows, as CSV"><Icon name="download" size={12} />CSV</a> : null}
      </header>
      <p class="muted section-text">{section.description}</p>
      {section.figure ? <SectionFigure section={section} /> : section.columns ? <SectionTable section={section} result={result} /> : null}
      {section.note && !section.figure ? <p class="muted">{section.note}</p> : null}
    </section>
  );
}

function SectionFigure({ section }: { section: RunSection }): JSX.Element {
  const spec = useMemo(() => (section.figure ? { ...section.figure, title: "" } : null), [section]);
  return <FigureBox spec={spec} />;
}

function SectionTable({ section, result }: { section: RunSection; result: RunResult }): JSX.Element {
  const next = useCards("ip_address").find((card) => card.name === "IpAddressSummary") ?? null;
  const rows = useMemo(() => rowsOfSection(section), [section]);
  const columns = useMemo(() => columnsOfSection(section, rows, next && { name: next.name, start: result.start ?? "", end: result.end ?? "" }), [section, rows, next]);
  const total = section.total ?? rows.length;
  return (
    <>
      <DataTable label={section.title} columns={columns} rows={rows} height={330} filterable />
      {total > rows.length ? <p class="muted">The first {count(rows.length)} of {count(total)} rows; CSV has all.</p> : null}
    </>
  );
}
