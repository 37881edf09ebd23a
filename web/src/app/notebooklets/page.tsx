// Summaries: choose a notebooklet, say of what, see each step, then all it found; the address bar carries the question.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, moment } from "../../format";
import { ApiError, get } from "../api";
import { useLoad } from "../context";
import { runJob } from "../jobs";
import { change, go } from "../route";
import type { Card, Job, RunBrief, RunResult } from "../types";
import { Busy, Empty, Fault } from "../ui/parts";
import { askedOf, asksOthers, inquiryOf, PAGE, paramsOf, readAsked, takes, type Asked } from "./asked";
import { loadCards } from "./cards";
import { RunForm } from "./form";
import { HelpDialog } from "./help";
import { ResultView, reveal } from "./result";
import { Running } from "./steps";

type State = { is: "idle" } | { is: "ready" } | { is: "running"; job: Job | null; isEnding: boolean } | { is: "done"; result: RunResult } | { is: "failed"; error: unknown };

export function NotebookletsPage({ rest, params }: { rest: string; params: Record<string, string> }): JSX.Element {
  const cards = useLoad<Card[]>("notebooklets", () => loadCards());
  const [turn, setTurn] = useState(0);
  const runs = useLoad<RunBrief[]>(`runs ${turn}`, async (signal) => (await get<{ rows: RunBrief[] }>("runs", {}, signal)).rows);
  const card = cards.data?.find((one) => one.name.toLowerCase() === rest.toLowerCase());
  return (
    <div class="split">
      <Catalogue cards={cards.data} error={cards.error} retry={cards.reload} chosen={card?.name ?? ""} value={params.value ?? ""} runs={runs.data ?? []} run={params.run ?? ""} />
      <div class="main-pane">
        {card ? <Chosen key={card.name} card={card} params={params} onRan={() => setTurn((n) => n + 1)} /> : cards.data ? (
          <div class="panel filling"><h1 class="hidden">Summaries</h1>{rest ? <Empty title={`There is no ${rest}`}>Choose one of the list.</Empty> : <Empty title="What do you want to know?">A summary answers one question about an address, host, account or URL in named steps: choose one, say of what, and see tables, figures and what to look at next.</Empty>}</div>
        ) : null}
      </div>
    </div>
  );
}

interface CatalogueProps {
  cards: Card[] | null;
  error: unknown;
  retry: () => void;
  chosen: string;
  value: string;
  runs: RunBrief[];
  run: string;
}
function Catalogue({ cards, error, retry, chosen, value, runs, run }: CatalogueProps): JSX.Element {
  const [terms, setTerms] = useState("");
  const found = useLoad<string[]>(terms.trim() ? `find ${terms}` : null, async (signal) => (await get<{ rows: Card[] }>("notebooklets", { terms }, signal)).rows.map((one) => one.name), 150);
  const shown = (cards ?? []).filter((one) => !terms.trim() || (found.data ?? []).includes(one.name));
  const groups = [...new Set(shown.map((one) => one.group))];
  return (
    <aside class="panel list-pane" aria-label="Summaries">
      <header class="panel-head"><h2>Summaries</h2><span class="muted">{count(shown.length)}</span></header>
      <div class="list-search"><input type="search" class="input" placeholder="Find by words: flows, whois, host" aria-label="Find a summary" value={terms} onInput={(event) => setTerms(event.currentTarget.value)} /></div>
      <div class="list-body">
        {error ? <Fault error={error} retry={retry} /> : !cards ? <Busy /> : found.error ? <Fault error={found.error} /> : shown.length === 0 ? <Empty title="None has these words" /> : null}
        {groups.map((group) => (
          <section key={group} aria-label={group}>
            <h3 class="list-group">{group.replace(/_/g, " ")}</h3>
            <ul>
              {shown.filter((one) => one.group === group).map((one) => (
                <li key={one.name}>
                  <button type="button" class="list-item" aria-current={one.name === chosen ? "true" : undefined} title={`${one.name}: ${takes(one)}`} onClick={() => one.name !== chosen && go(PAGE, one.name, value ? { value } : {})}>
                    <strong>{one.title}</strong>
                    <span class="muted">{one.description}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
        {runs.length ? <Recent runs={runs} cards={cards ?? []} run={run} /> : null}
      </div>
    </aside>
  );
}

function Recent({ runs, cards, run }: { runs: RunBrief[]; cards: Card[]; run: string }): JSX.Element {
  const open = (one: RunBrief) => go(PAGE, one.name, { ...paramsOf(askedOf(cards.find((card) => card.name === one.name), one)), run: one.run });
  return (
    <section aria-label="Your recent runs">
      <h3 class="list-group">your recent runs</h3>
      <ul>
        {runs.map((one) => (
          <li key={one.run}>
            <button type="button" class="list-item" aria-current={one.run === run ? "true" : undefined} onClick={() => open(one)}>
              <strong>{one.value ?? "data"}</strong>
              <span class="muted">{cards.find((card) => card.name === one.name)?.title ?? one.name} · {moment(one.made, "clock")}{one.is_complete ? "" : " · not complete"}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Chosen({ card, params, onRan }: { card: Card; params: Record<string, string>; onRan: () => void }): JSX.Element {
  const [isHelping, setHelping] = useState(false);
  const asked = useMemo(() => readAsked(params), [JSON.stringify(params)]);
  const { state, cancel, start, refresh } = useRun(card, asked, params.run ?? "", onRan);
  const changed = (given: string[]) => {
    refresh().then(() => window.setTimeout(() => given[0] && reveal(given[0]), 60), () => undefined);
  };
  return (
    <>
      <RunForm card={card} asked={asked} onHelp={() => setHelping(true)} onRun={start} />
      {state.is === "ready" ? <div class="panel filling"><Empty title="Press Run to begin">This asks others over the network, so a link alone does not begin it.</Empty></div> : null}
      {state.is === "running" ? <Running title={card.title} about={asked.value} job={state.job} isEnding={state.isEnding} onCancel={cancel} /> : null}
      {state.is === "failed" ? <div class="panel filling"><Fault error={state.error} /></div> : null}
      {state.is === "done" ? <ResultView key={`${state.result.run} ${state.result.made}`} result={state.result} card={card} onChange={changed} /> : null}
      {isHelping ? <HelpDialog card={card} onClose={() => setHelping(false)} /> : null}
    </>
  );
}

interface Run {
  state: State;
  cancel: () => void;
  /** Says that the user themselves asked for this run. */
  start: (asked: Asked) => void;
  refresh: () => Promise<void>;
}

/** Shows the kept run that the address names; else runs what is asked, unless a mere link would ask others. */
function useRun(card: Card, asked: Asked, run: string, onRan: () => void): Run {
  const [state, setState] = useState<State>({ is: "idle" });
  const [turn, setTurn] = useState(0);
  const pressed = useRef("");
  const stop = useRef<AbortController | null>(null);
  const key = JSON.stringify(paramsOf(asked));
  useEffect(() => {
    let isGone = false;
    const control = new AbortController();
    stop.current = control;
    const show = (next: State) => !isGone && setState(next);
    const begin = async () => {
      if (!asked.value) return show({ is: "idle" });
      if (asksOthers(card, asked) && pressed.current !== key) return show({ is: "ready" });
      show({ is: "running", job: null, isEnding: false });
      const { run: made } = await runJob<{ run: string }>(`notebooklets/${card.name}/runs`, inquiryOf(card, asked), (job) => show({ is: "running", job, isEnding: control.signal.aborted }), control.signal, true);
      onRan();
      if (!isGone) change({ run: made }, true);
    };
    const open = async () => {
      if (!run) return begin();
      try {
        show({ is: "done", result: await get<RunResult>(`runs/${encodeURIComponent(run)}`, {}, control.signal) });
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
        await begin(); // kept no longer, or a colleague's: run it again
      }
    };
    open().catch((error: unknown) => show({ is: "failed", error: control.signal.aborted ? new Error("the run was cancelled") : error }));
    return () => {
      isGone = true;
      control.abort();
    };
  }, [card.name, key, run, turn]);
  return {
    state,
    cancel: () => {
      stop.current?.abort();
      setState((now) => (now.is === "running" ? { ...now, isEnding: true } : now));
    },
    start: (next) => {
      pressed.current = JSON.stringify(paramsOf(next));
      if (pressed.current === key && !run) setTurn((n) => n + 1);
    },
    refresh: async () => {
      if (run) setState({ is: "done", result: await get<RunResult>(`runs/${encodeURIComponent(run)}`) });
    },
  };
}
