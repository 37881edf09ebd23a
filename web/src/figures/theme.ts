// Colours of the figures, dark and light. Every text/background pair holds WCAG AA (tests/browser/test_contrast.py).
export interface Palette {
  name: "dark" | "light";
  surface: string;
  raised: string;
  line: string;
  grid: string;
  text: string;
  muted: string;
  accent: string;
  outbound: string;
  inbound: string;
  both: string;
  internal: string;
  external: string;
  host: string;
  threat: string;
  unknown: string;
  land: string;
  coast: string;
  series: string[];
}

export const DARK: Palette = {
  name: "dark",
  surface: "#12161c",
  raised: "#1a2028",
  line: "#2b333e",
  grid: "#222932",
  text: "#dbe1e8",
  muted: "#94a0ae",
  accent: "#45b8c9",
  outbound: "#62a8f0",
  inbound: "#f0945a",
  both: "#b193ea",
  internal: "#62a8f0",
  external: "#e9b44c",
  host: "#7cc47f",
  threat: "#f2706c",
  unknown: "#9aa7b5",
  land: "#252d38",
  coast: "#3a4553",
  series: ["#45b8c9", "#e9b44c", "#b193ea", "#7cc47f", "#f0945a", "#62a8f0", "#e57ba7", "#9aa7b5"],
};

export const LIGHT: Palette = {
  name: "light",
  surface: "#ffffff",
  raised: "#ffffff",
  line: "#d5dbe2",
  grid: "#e8ecf0",
  text: "#1b2430",
  muted: "#566273",
  accent: "#0b7384",
  outbound: "#2166b8",
  inbound: "#b4500f",
  both: "#6f4bb8",
  internal: "#2166b8",
  external: "#a96f00",
  host: "#2e7d37",
  threat: "#c02c2c",
  unknown: "#5f6b79",
  land: "#e3e8ed",
  coast: "#c3ccd6",
  series: ["#0b7384", "#a96f00", "#6f4bb8", "#2e7d37", "#b4500f", "#2166b8", "#b03a72", "#5f6b79"],
};

/** The palette that suits the page around an element: an asked one, then the host's mark, then the system's wish. */
export function paletteOf(el: Element, asked?: unknown): Palette {
  if (asked === "dark" || asked === "light") return asked === "dark" ? DARK : LIGHT;
  const marked = el.closest("[data-theme]")?.getAttribute("data-theme") ?? document.documentElement.dataset.theme;
  if (marked === "dark" || marked === "light") return marked === "dark" ? DARK : LIGHT;
  const lab = document.body?.dataset.jpThemeLight; // JupyterLab
  if (lab) return lab === "true" ? LIGHT : DARK;
  if (document.body?.classList.contains("vscode-dark")) return DARK;
  return matchMedia("(prefers-color-scheme: dark)").matches && !document.querySelector(".jp-Notebook") ? DARK : LIGHT;
}

export const WAY_MARKS: Record<string, string> = { outbound: "→", inbound: "←", "two way": "↔" };

export function wayColour(palette: Palette, way: string | undefined): string {
  if (way === "outbound") return palette.outbound;
  if (way === "inbound") return palette.inbound;
  return palette.both;
}

/** The colour of a way, or the next one of the series. */
export function nameColour(palette: Palette, name: string, at: number): string {
  return name in WAY_MARKS ? wayColour(palette, name) : (palette.series[at % palette.series.length] ?? palette.accent);
}

/** A colour between two, `share` of the way to the second. */
export function mixed(one: string, other: string, share: number): string {
  const part = (colour: string, at: number) => parseInt(colour.slice(at, at + 2), 16);
  return `#${[1, 3, 5].map((at) => Math.round(part(one, at) + (part(other, at) - part(one, at)) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** What all legends look like. */
export const legendLook = (palette: Palette) => ({
  type: "scroll",
  inactiveColor: palette.line,
  inactiveBorderColor: palette.line,
  textStyle: { color: palette.muted, fontSize: 11 },
  pageIconColor: palette.accent,
  pageIconInactiveColor: palette.line,
  pageTextStyle: { color: palette.muted },
});

export const FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
