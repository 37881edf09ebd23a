// Long work of the server: begun, asked after ever more slowly, given up when nobody waits any more.
import { get, post, remove } from "./api";
import type { Job } from "./types";

const POLL_MS = [120, 200, 350, 600, 1000];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The job's result; `tell` hears how far it is, `signal` ends it. Work that keeps what it has when ended is waited for. */
export async function runJob<T>(path: string, body: unknown, tell: (job: Job<T>) => void, signal: AbortSignal, keepsPartial = false): Promise<T> {
  let job = await post<Job<T>>(path, body);
  const end = () => void remove(`jobs/${job.job}`).catch(() => undefined);
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  try {
    for (let turn = 0; ; turn += 1) {
      if (job.state === "done" || (job.state === "cancelled" && job.result)) return job.result as T;
      if (job.state !== "running") throw new Error(job.error?.message ?? `the work was ${job.state}`);
      tell(job);
      await sleep(POLL_MS[Math.min(turn, POLL_MS.length - 1)] ?? 1000);
      if (!keepsPartial) signal.throwIfAborted();
      job = await get<Job<T>>(`jobs/${job.job}`);
    }
  } finally {
    signal.removeEventListener("abort", end);
  }
}
