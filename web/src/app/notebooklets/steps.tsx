// What becomes of each step: while it runs, and after.
import type { JSX } from "preact";
import { duration, plural } from "../../format";
import type { Job, StepState } from "../types";

const MARKS: Record<StepState["status"], string> = { waiting: "·", started: "›", ok: "✓", skipped: "–", failed: "✕" };

export function StepTable({ steps }: { steps: StepState[] }): JSX.Element {
  return (
    <table class="steps">
      <thead class="hidden"><tr><th scope="col">State</th><th scope="col">Step</th><th scope="col">Time</th><th scope="col">Why</th></tr></thead>
      <tbody>
        {steps.map((step, i) => (
          <tr key={i} class={`is-${step.status}`}>
            <td class="step-mark"><span aria-hidden="true">{MARKS[step.status]}</span><span class="hidden">{step.status}</span></td>
            <th scope="row">{step.title}</th>
            <td class="is-right muted">{step.status === "ok" || step.status === "failed" ? duration(step.seconds) : ""}</td>
            <td class="step-why">{[step.why, ...(step.notes ?? [])].filter(Boolean).join(" · ") || (step.status === "started" ? "running" : "")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** 9 of 12 steps ok, 2 skipped, 1 failed. */
export function stepsInWords(steps: StepState[]): string {
  const counted = (status: StepState["status"]) => steps.filter((step) => step.status === status).length;
  const others = (["skipped", "failed"] as const).flatMap((status) => (counted(status) ? [`${counted(status)} ${status}`] : []));
  return [`${counted("ok")} of ${plural(steps.length, "step")} done`, ...others].join(", ");
}

export function Running({ title, about, job, onCancel, isEnding }: { title: string; about: string; job: Job | null; onCancel: () => void; isEnding: boolean }): JSX.Element {
  return (
    <section class="panel block run-progress" aria-label="Progress">
      <header class="block-head">
        <p role="status">{isEnding ? "Ending" : "Running"} <strong>{title}</strong> of <strong>{about}</strong>{job?.doing ? `: ${job.doing}` : ""}</p>
        <button type="button" class="button is-small" disabled={isEnding} onClick={onCancel}>Cancel</button>
      </header>
      <progress max={1} value={job?.progress ?? undefined} aria-label="Progress" />
      <StepTable steps={job?.steps ?? []} />
    </section>
  );
}
