// Storyboard: the saved stories; each as briefing, progression, impact, map, timeline; exports.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Spec } from "../../figures/specs";
import { count, moment } from "../../format";
import { address, get, remove, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import { columnsOf } from "../investigate/columns";
import { go } from "../route";
import type { DossierSection, Row } from "../types";
import { FigureBox } from "../ui/figure";
import { Icon } from "../ui/icons";
import { Busy, Empty, Fault, Tile } from "../ui/parts";
import { DataTable, textOf } from "../ui/table";

interface StoryAnswer {
  story: Row;
  dossier: { title?: string; question?: string; start?: string | null; end?: string | null; provenance?: Row; sections: DossierSection[] } | null;
  figures: Record<string, Spec | null>;
}
const FORMATS: [format: string, says: string][] = [["html", "HTML"], ["pdf", "PDF"], ["spot-json", "Spot JSON"], ["spot-csv", "Spot CSV"]];

export function StoryPage({ rest }: { rest: string; params: Record<string, string> }): JSX.Element {
  const stories = useLoad<Row[]>("stories", async (signal) => rowsOf(await get("stories", {}, signal), "stories"));
  const chosen = rest || (stories.data?.[0] ? String(stories.data[0].story_id) : "");
  return (
    <div class="split">
      <aside class="panel list-pane" aria-label="Stories">
        <header class="panel-head"><h2>Stories</h2><span class="muted">{count(stories.data?.length ?? 0)}</span></header>
        <div class="list-body">
          {stories.error ? <Fault error={stories.error} retry={stories.reload} /> : !stories.data ? <Busy /> : stories.data.length === 0 ? <Empty title="No story yet">Investigate an address and save what you found.</Empty> : null}
          <ul>
            {stories.data?.map((row) => (
              <li key={String(row.story_id)}>
                <button type="button" class="list-item" aria-current={String(row.story_id) === chosen ? "true" : undefined} onClick={() => go("story", String(row.story_id))}>
                  <strong>{String(row.title)}</strong>
                  <span class="muted">{String(row.target)} · {moment(row.made as string, "minute")} · {String(row.analyst ?? "")}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      </aside>
      <div class="main-pane">{chosen ? <Story key={chosen} id={chosen} onGone={() => { stories.reload(); go("story"); }} /> : <div class="panel filling"><h1 class="hidden">Storyboard</h1><Empty title="The storyboard is empty">Stories come from the page Investigation.</Empty></div>}</div>
    </div>
  );
}

function Story({ id, onGone }: { id: string; onGone: () => void }): JSX.Element {
  const app = useApp();
  const found = useLoad<StoryAnswer>(`story ${id}`, async (signal) => shaped(await get(`stories/${encodeURIComponent(id)}`, {}, signal)));
  if (found.error) return <div class="panel filling"><Fault error={found.error} retry={found.reload} /></div>;
  if (!found.data) return <div class="panel filling"><Busy what="Opening the story" /></div>;
  const { story, dossier, figures } = found.data;
  const drop = async () => {
    const yes = await app.confirm({ title: "Delete this story?", text: `“${String(story.title)}” leaves the storyboard. The flows and ratings stay.`, act: "Delete", danger: true });
    if (!yes) return;
    try {
      await remove(`stories/${encodeURIComponent(id)}`);
      app.toast("The story is deleted", { tone: "good" });
      onGone();
    } catch (error) {
      app.fail(error);
    }
  };
  const window = [story.start, story.end].some(Boolean) ? `${moment(story.start as string, "minute")} to ${moment(story.end as string, "minute")}` : "all that is stored";
  return (
    <article class="story">
      <header class="panel block story-head">
        <div>
          <p class="eyebrow">Executive briefing</p>
          <h1>{String(story.title)}</h1>
          <p class="muted">{String(story.target)} · {window} · saved {moment(story.made as string, "minute")} UTC by {String(story.analyst ?? "")}</p>
        </div>
        <div class="story-actions">
          {FORMATS.map(([format, says]) => <a key={format} class="button is-small" href={address(`stories/${encodeURIComponent(id)}/export`, { format })} download><Icon name="download" size={13} />{says}</a>)}
          <button type="button" class="button is-small" onClick={() => go("investigate", String(story.target))}><Icon name="search" size={13} />Investigate</button>
          {app.canWrite ? <button type="button" class="icon-button" aria-label="Delete this story" onClick={() => void drop()}><Icon name="trash" size={14} /></button> : null}
        </div>
        <div class="briefing">{paragraphs(String(story.text ?? ""))}</div>
      </header>
      <div class="story-grid">{dossier?.sections.filter((section) => section.id !== "briefing" && section.kind !== "text").map((section) => <SectionView key={section.id} section={section} spec={figures[section.id] ?? null} />)}</div>
      {dossier?.sections.filter((section) => section.kind === "text" && section.text && section.text !== story.text).map((section) => <section key={section.id} class="panel block"><h2>{section.title}</h2>{paragraphs(section.text ?? "")}</section>)}
    </article>
  );
}

function SectionFigure({ spec }: { spec: Spec }): JSX.Element {
  const untitled = useMemo(() => ({ ...spec, title: "" }), [spec]); // the section has a heading of its own
  return <FigureBox spec={untitled} />;
}

function paragraphs(text: string): JSX.Element[] {
  return text.split(/\n{2,}/).map((part, i) => <p key={i}>{part}</p>);
}

const WIDE = /timeline|tree|map|search|peers|facts|events|series|places|lanes|histogram|matrix/;

function SectionView({ section, spec }: { section: DossierSection; spec: Spec | null }): JSX.Element {
  const rows = useMemo(() => tableRows(section.table), [section]);
  const columns = useMemo(() => columnsOf(rows, ["lat", "lon"]), [rows]);
  const isWide = !section.absent && (WIDE.test(spec?.kind ?? "") || WIDE.test(section.id));
  return (
    <section class={isWide ? "panel block is-wide" : "panel block"} aria-label={section.title}>
      <h2>{section.title}</h2>
      {section.absent ? <p class="muted absent">{section.absent}</p> : spec ? <SectionFigure spec={spec} /> : rows.length === 1 && columns.length > 2 ? <dl class="tiles is-small">{columns.map((column) => <Tile key={column.key} label={column.label} value={textOf(column, rows[0] ?? {})} />)}</dl> : rows.length ? <DataTable label={section.title} columns={columns} rows={rows} height={320} filterable /> : <p class="muted">nothing</p>}
      {section.note && !spec ? <p class="muted">{section.note}</p> : null}
    </section>
  );
}

/** A dossier's table, {columns: [{name, type}], rows: [[…]]}, as objects. */
function tableRows(table: unknown): Row[] {
  const held = table as { columns?: { name: string }[]; rows?: unknown[] } | null;
  if (!held?.columns || !Array.isArray(held.rows)) return rowsOf(table);
  const names = held.columns.map((column) => column.name);
  return held.rows.map((row) => (Array.isArray(row) ? Object.fromEntries(names.map((name, i) => [name, row[i] as unknown])) : (row as Row)));
}

function shaped(answer: unknown): StoryAnswer {
  const held = answer as Record<string, unknown>;
  const story = (held.story ?? held) as Row;
  const dossier = (held.dossier ?? story.dossier ?? (held.sections ? held : null)) as StoryAnswer["dossier"];
  return { story, dossier, figures: (held.figures ?? {}) as StoryAnswer["figures"] };
}
