// Why the queue is empty, and what to do about it.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../../format";
import { useApp } from "../context";
import { runJob } from "../jobs";
import type { Job, QueuePage, Row } from "../types";
import { Empty } from "../ui/parts";

interface Props {
  page: QueuePage;
  isFiltered: boolean;
  onClear: () => void;
  onScored: () => void;
}

export function NothingThere({ page, isFiltered, onClear, onScored }: Props): JSX.Element {
  const { info, canWrite } = useApp();
  const flows = ((info.tables ?? {}) as Record<string, { rows?: number }>).flow?.rows ?? 0;
  if (isFiltered) return <div class="empty"><strong>No suspect fits this filter</strong><button type="button" class="button" onClick={onClear}>Clear the filter</button></div>;
  if (page.counts.rated > 0) return <Empty title="Every suspect is rated">See them under Rated, or look at another day.</Empty>;
  if (!flows) return <Empty title="No flows yet">Take logs in first: flowsleuth ingest LOGS -w CASE</Empty>;
  if (page.dates.length) return <Empty title="No suspect here" />;
  return <div class="empty"><strong>{count(flows)} flows are stored, and none is scored</strong>{canWrite ? <ScoreButton onScored={onScored} /> : <p>An analyst has to score them first.</p>}</div>;
}

function ScoreButton({ onScored }: { onScored: () => void }): JSX.Element {
  const app = useApp();
  const [job, setJob] = useState<Job<Row[]> | "begun" | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const score = async () => {
    stop.current = new AbortController();
    setJob("begun");
    try {
      await runJob<Row[]>("score", { detectors: [] }, setJob, stop.current.signal);
      app.reloadInfo();
      onScored();
    } catch (error) {
      if (!stop.current.signal.aborted) app.fail(error);
    } finally {
      setJob(null);
    }
  };
  if (job === null) return <button type="button" class="button is-primary" onClick={() => void score()}>Score them now</button>;
  return <div class="running" role="status"><p>{(job as { doing?: string }).doing || "scoring"}…</p><progress aria-label="Progress" /><button type="button" class="button" onClick={() => stop.current?.abort()}>Cancel</button></div>;
}
