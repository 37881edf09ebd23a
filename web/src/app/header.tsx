import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp } from "./context";
import { change, hashOf } from "./route";
import { applyTheme, chosenTheme } from "./theme";
import { Icon, Mark } from "./ui/icons";
import { Menu } from "./ui/parts";

const LINKS = [
  { page: "suspicious", name: "Suspicious" },
  { page: "leads", name: "Leads" },
  { page: "investigate", name: "Investigation" },
  { page: "notebooklets", name: "Summaries" },
  { page: "story", name: "Storyboard" },
  { page: "ingest", name: "Ingest" },
];

interface Props {
  page: string;
  params: Record<string, string>;
  onHelp: () => void;
  onLogout: () => void;
}

export function Header({ page, params, onHelp, onLogout }: Props): JSX.Element {
  const { session } = useApp();
  // detector and dates go along from page to page
  const shared = Object.fromEntries(["detector", "dates"].flatMap((name) => (params[name] ? [[name, params[name]]] : [])));
  return (
    <header class="topbar">
      <a class="brand" href={hashOf({ page: "suspicious", rest: "", params: shared })}><Mark />flowsleuth</a>
      <nav aria-label="Pages">
        {LINKS.map((link) => (
          <a key={link.page} href={hashOf({ page: link.page, rest: "", params: shared })} aria-current={link.page === page || (link.page === "leads" && page === "host") ? "page" : undefined}>{link.name}</a>
        ))}
      </nav>
      <span class="workspace" title={`workspace ${session.workspace}`}>{session.workspace}</span>
      <div class="topbar-end">
        {page === "suspicious" || page === "leads" ? <Choices params={params} hasDetectors={page === "suspicious"} /> : null}
        <ThemeButton />
        <button type="button" class="icon-button" aria-label="Keys and help" title="Keys and help (?)" onClick={onHelp}><Icon name="help" /></button>
        <Menu label={`${session.analyst}, ${session.role}`} text={<><Icon name="user" /><span class="who">{session.analyst}</span></>}>
          {() => (
            <div class="who-sheet">
              <p><strong>{session.analyst}</strong><br /><span class="muted">role: {session.role}</span></p>
              <p class="muted">flowsleuth {session.version}</p>
              {session.needs_login ? <button type="button" class="button" onClick={onLogout}>Log out</button> : <p class="muted">local session without login</p>}
            </div>
          )}
        </Menu>
      </div>
    </header>
  );
}

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(chosenTheme);
  const other = theme === "dark" ? "light" : "dark";
  const turn = () => {
    applyTheme(other, true);
    setTheme(other);
  };
  return <button type="button" class="icon-button" aria-label={`Use the ${other} theme`} title={`Use the ${other} theme`} onClick={turn}><Icon name={theme === "dark" ? "sun" : "moon"} /></button>;
}

/** Whose queue, and which days. */
function Choices({ params, hasDetectors }: { params: Record<string, string>; hasDetectors: boolean }): JSX.Element {
  const { info } = useApp();
  const detectors = asNames(info.detectors);
  const dates = asNames(info.dates);
  const chosen = params.dates ? params.dates.split(",") : [];
  const toggle = (date: string) => {
    const next = chosen.includes(date) ? chosen.filter((one) => one !== date) : [...chosen, date].sort();
    change({ dates: next.join(","), page: null });
  };
  return (
    <>
      {hasDetectors && detectors.length ? (
        <label class="choice"><span class="hidden">Detector</span>
          <select class="select" title="Detector" value={params.detector ?? detectors[0]} onChange={(event) => change({ detector: event.currentTarget.value, page: null })}>
            {(detectors.includes("suspicious") ? ["suspicious", ...detectors.filter((name) => name !== "suspicious")] : detectors).map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      ) : null}
      {dates.length ? (
        <Menu label="Days" text={<>{chosen.length === 0 ? (dates.length === 1 ? dates[0] : `all ${dates.length} days`) : chosen.length === 1 ? chosen[0] : `${chosen.length} days`}</>}>
          {(close) => (
            <div class="day-list">
              <button type="button" class="row-button" aria-pressed={chosen.length === 0} onClick={() => { change({ dates: null, page: null }); close(); }}>All days</button>
              {[...dates].reverse().map((date) => <button key={date} type="button" class="row-button" aria-pressed={chosen.includes(date)} onClick={() => toggle(date)}>{date}</button>)}
            </div>
          )}
        </Menu>
      ) : null}
    </>
  );
}

function asNames(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => (typeof one === "string" ? one : String((one as { name?: unknown }).name ?? "")));
}
