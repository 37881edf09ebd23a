// What timelines share: texts of source columns, reference marks, the place of the legend and what it hides.
import { count, plural } from "../format";
import type { Chart, Option } from "./echarts";
import type { Look, Ref, Tip } from "./specs";
import { legendLook, type Palette } from "./theme";

const ROW = 15;
const ROWS = 4; // what does not fit there has a line only
const LABEL = 11;
const WIDEST = 190;
const SIDE = 168; // of a legend at the side
const LETTER = 0.56;

/** The texts of a mark; of a bin the most common one, how often it is there, and how many others there are. */
export function pairsOfTips(names: string[], texts: string[][], tips: Tip[]): [string, string][] {
  return tips.flatMap((at, i): [string, string][] => {
    const name = names[i] ?? "";
    const words = texts[i] ?? [];
    if (at === null || at === undefined) return [];
    if (typeof at === "number") return [[name, words[at] ?? ""]];
    const [place, often, of] = at;
    return [[name, of > 1 ? `${words[place] ?? ""} (${count(often)}, and ${plural(of - 1, "other value")})` : (words[place] ?? "")]];
  });
}

/** In which row the label of each mark stands, so that none covers another at the outset; -1 where there is no room. */
function rowsOf(refs: Ref[], low: number, high: number, width: number): number[] {
  const taken: number[] = [];
  return refs.map(([at, label]) => {
    const half = Math.min(WIDEST, label.length * LABEL * LETTER) / 2 + 6;
    const x = ((at - low) / Math.max(1, high - low)) * width;
    const row = taken.findIndex((until) => until < x - half);
    const found = row < 0 ? taken.length : row;
    if (found >= ROWS) return -1;
    taken[found] = x + half;
    return found;
  });
}

/** How high the labels of the marks stand, in pixels. */
export const headOf = (refs: Ref[], low: number, high: number, width: number) => ROW * (1 + Math.max(-1, ...rowsOf(refs, low, high, width)));

/** Dashed lines with their labels above the stage; they belong to a series. */
export function refLines(refs: Ref[], palette: Palette, low: number, high: number, width: number): Option {
  const rows = rowsOf(refs, low, high, width);
  return {
    symbol: "none",
    animation: false,
    lineStyle: { color: palette.threat, width: 1.3, type: [4, 3] },
    label: { position: "end", distance: 4, color: palette.threat, fontSize: LABEL, fontWeight: 600, width: WIDEST, overflow: "truncate", formatter: ({ name }: { name: string }) => name },
    emphasis: { disabled: true },
    tooltip: { show: false },
    data: refs.map(([at, name], i) => ({ xAxis: at, name, label: { show: (rows[i] ?? -1) >= 0, offset: [0, -ROW * Math.max(0, rows[i] ?? 0)] } })),
  };
}

/** Where names are listed: above, at a side, or nowhere; and the room it takes on each side. */
export function legendOf(look: Look, palette: Palette, names: string[], wanted: boolean, width: number): { legend: Option; top: number; left: number; right: number } {
  const place = look.legend ?? (wanted ? "inline" : "none");
  const common = { ...legendLook(palette), data: names, icon: "roundRect", itemWidth: 10, itemHeight: 10 };
  if (place === "none" || !names.length) return { legend: { show: false }, top: 0, left: 0, right: 0 };
  if (place === "inline") return { legend: { ...common, top: 4, left: 0, width: Math.max(120, width - 112) }, top: 30, left: 0, right: 0 };
  const side = { ...common, orient: "vertical", top: 34, bottom: 60, textStyle: { ...(common.textStyle as object), width: SIDE - 34, overflow: "truncate" } };
  return place === "left" ? { legend: { ...side, left: 0 }, top: 0, left: SIDE, right: 0 } : { legend: { ...side, right: 0 }, top: 0, left: 0, right: SIDE };
}

/** Those of several named things that the legend does not hide; `onChange` is told when it hides or shows one. */
export function shownOf<Named extends { name: string }>(chart: Chart, all: Named[], onChange?: (shown: Named[]) => void): () => Named[] {
  let shown = all;
  chart.on("legendselectchanged", (event) => {
    const { selected } = event as unknown as { selected: Record<string, boolean> };
    shown = all.filter((one) => selected[one.name] !== false);
    onChange?.(shown);
  });
  return () => shown;
}
