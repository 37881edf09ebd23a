// Dark or light: the system's wish until somebody chooses.
export type Theme = "dark" | "light";
const NAME = "flowsleuth.theme";

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(NAME);
  if (kept === "dark" || kept === "light") return kept;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function applyTheme(theme: Theme, keep = false): void {
  document.documentElement.dataset.theme = theme;
  if (keep) localStorage.setItem(NAME, theme);
}
