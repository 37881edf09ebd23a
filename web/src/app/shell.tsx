// The frame: who is there, where one is, what is chosen; toasts, questions, help.
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, post, setCsrf } from "./api";
import { AppContext, told, useLoad, type App, type Toast } from "./context";
import { Header } from "./header";
import { Help } from "./help";
import { HostPage } from "./host/page";
import { IngestPage } from "./ingest/page";
import { InvestigatePage } from "./investigate/page";
import { LeadsPage } from "./leads/page";
import { NotebookletsPage } from "./notebooklets/page";
import { useRoute } from "./route";
import { StoryPage } from "./story/page";
import { SuspiciousPage } from "./suspicious/page";
import type { Session } from "./types";
import { Busy, Dialog, Fault } from "./ui/parts";
import { Toasts } from "./ui/toasts";

const TOAST_MS = 7000;
const MOST_TOASTS = 2;
const PAGES: Record<string, { title: string; page: (props: { rest: string; params: Record<string, string> }) => JSX.Element }> = {
  suspicious: { title: "Suspicious", page: SuspiciousPage },
  leads: { title: "Leads", page: LeadsPage },
  host: { title: "Host", page: HostPage },
  investigate: { title: "Threat investigation", page: InvestigatePage },
  notebooklets: { title: "Summaries", page: NotebookletsPage },
  story: { title: "Storyboard", page: StoryPage },
  ingest: { title: "Ingest summary", page: IngestPage },
};

type Question = Parameters<App["confirm"]>[0] & { answer: (yes: boolean) => void };

export function Shell(): JSX.Element {
  const session = useLoad<Session>("session", async (signal) => {
    const found = await get<Session>("session", {}, signal);
    setCsrf(found.csrf);
    return found;
  });
  if (session.error) return <main class="lonely"><Fault error={session.error} retry={session.reload} /></main>;
  if (!session.data) return <main class="lonely"><Busy what="Opening the workspace" /></main>;
  return <Inside session={session.data} />;
}

function Inside({ session }: { session: Session }): JSX.Element {
  const route = useRoute();
  const info = useLoad<Record<string, unknown>>("info", (signal) => get("info", {}, signal));
  const { toasts, toast, drop } = useToasts();
  const [question, setQuestion] = useState<Question | null>(null);
  const [isHelping, setHelping] = useState(false);
  const app = useMemo<App>(
    () => ({
      session,
      info: info.data ?? {},
      canWrite: session.role !== "viewer",
      isAdmin: session.role === "admin",
      toast,
      fail: (error) => {
        const { text, detail } = told(error);
        toast(text, { detail, tone: "bad" });
      },
      confirm: (asked) => new Promise((answer) => setQuestion({ ...asked, answer })),
      reloadInfo: info.reload,
    }),
    [session, info.data, toast],
  );
  useHelpKey(() => setHelping(true));
  const found = PAGES[route.page] ?? PAGES.suspicious;
  useEffect(() => {
    document.title = `${found?.title ?? ""} · ${session.workspace} · flowsleuth`;
  }, [found, session]);
  const close = (yes: boolean) => {
    question?.answer(yes);
    setQuestion(null);
  };
  const Page = found?.page ?? SuspiciousPage;
  return (
    <AppContext.Provider value={app}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
      <Header page={route.page in PAGES ? route.page : "suspicious"} params={route.params} onHelp={() => setHelping(true)} onLogout={() => logout(app)} />
      <main id="main" tabIndex={-1} class={`page is-${route.page}`}>
        {info.error ? <Fault error={info.error} retry={info.reload} /> : info.data ? <Page rest={route.rest} params={route.params} /> : <Busy />}
      </main>
      <Toasts toasts={toasts} onClose={drop} />
      {isHelping ? <Help onClose={() => setHelping(false)} /> : null}
      {question ? (
        <Dialog title={question.title} onClose={() => close(false)} footer={<><button type="button" class="button" onClick={() => close(false)}>Cancel</button><button type="button" class={question.danger ? "button is-danger" : "button is-primary"} onClick={() => close(true)}>{question.act}</button></>}>
          <p>{question.text}</p>
        </Dialog>
      ) : null}
    </AppContext.Provider>
  );
}

async function logout(app: App): Promise<void> {
  try {
    await post("logout");
    location.assign("/login");
  } catch (error) {
    app.fail(error);
  }
}

function useToasts(): { toasts: Toast[]; toast: App["toast"]; drop: (id: number) => void } {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const next = useRef(1);
  const drop = useCallback((id: number) => setToasts((now) => now.filter((one) => one.id !== id)), []);
  const toast = useCallback<App["toast"]>((text, more) => {
    const id = next.current++;
    setToasts((now) => [...now.slice(1 - MOST_TOASTS), { tone: "plain", ...more, id, text }]);
    window.setTimeout(() => drop(id), more?.tone === "bad" ? 2 * TOAST_MS : TOAST_MS);
  }, []);
  return { toasts, toast, drop };
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName) && !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type));
}

function useHelpKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "?" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      open();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
