// Arrow keys walk over the marks of a figure, as a pointer would: each shows its tooltip; Enter is a click.
import type { Chart } from "./echarts";

/** A mark that can be walked to. */
export interface Stop {
  seriesIndex: number;
  dataIndex: number;
}

export function walk(chart: Chart, stops: () => Stop[], onEnter?: (stop: Stop) => void): () => void {
  const stage = chart.getDom();
  let at = -1;
  const go = (to: number, all: Stop[]) => {
    at = Math.max(0, Math.min(all.length - 1, to));
    const stop = all[at];
    if (stop) chart.dispatchAction({ type: "showTip", ...stop });
  };
  const onKey = (event: KeyboardEvent) => {
    const all = stops();
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const to = steps[event.key];
    const stop = all[at];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined) go(to, all);
    else if (event.key === "Escape") chart.dispatchAction({ type: "hideTip" });
    else if (event.key === "Enter" && stop) onEnter?.(stop);
    else return;
    event.preventDefault();
  };
  const onBlur = () => chart.dispatchAction({ type: "hideTip" });
  stage.addEventListener("keydown", onKey);
  stage.addEventListener("blur", onBlur);
  return () => {
    stage.removeEventListener("keydown", onKey);
    stage.removeEventListener("blur", onBlur);
  };
}
