import type { JSX } from "preact";

// One stroke width, one size; drawn for this application.
const PATHS: Record<string, string> = {
  search: "M11 11l3.5 3.5M7 12.2A5.2 5.2 0 1 1 7 1.8a5.2 5.2 0 0 1 0 10.4z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  undo: "M5.5 2.5L2.5 5.5l3 3M2.8 5.5h6.4a4 4 0 0 1 0 8H6",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.6 4.6M2.5 13.5l4.6-4.6",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z",
  help: "M6 6a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
  download: "M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  filter: "M2 3h12l-4.6 5.4v4.2L6.6 14V8.4z",
  link: "M6.6 9.4a2.6 2.6 0 0 0 3.8.2l2.4-2.4a2.6 2.6 0 0 0-3.7-3.7L8 4.6M9.4 6.6a2.6 2.6 0 0 0-3.8-.2L3.2 8.8a2.6 2.6 0 0 0 3.7 3.7L8 11.4",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  panel: "M2.5 3h11v10h-11zM10 3v10",
  facets: "M2.5 3h11v10h-11zM6 3v10",
  user: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 14c.5-2.8 2.6-4.2 5.2-4.2s4.7 1.4 5.2 4.2",
  plus: "M8 3v10M3 8h10",
  trash: "M2.8 4.2h10.4M6.2 4V2.5h3.6V4M4 4.2l.7 9.3h6.6l.7-9.3",
  summary: "M3.5 2h9v12h-9zM6 5.2h4M6 8h4M6 10.8h2.4",
  globe: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM2 8h12M8 1.8c2 1.8 2.8 3.9 2.8 6.2S10 12.4 8 14.2M8 1.8C6 3.6 5.2 5.7 5.2 8S6 12.4 8 14.2",
  check: "M3 8.4l3.3 3.3L13 5",
};

export function Icon({ name, size = 16 }: { name: string; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ""} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** Flows that meet under a glass: the mark of the product. */
export function Mark({ size = 22 }: { size?: number }): JSX.Element {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false" class="mark">
      <path d="M1.5 6.5h4.2c2 0 2.8 4 4.8 4M1.5 14.5h4.2c2 0 2.8-4 4.8-4M1.5 10.5h9" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" opacity=".6" />
      <circle cx="14" cy="10.5" r="5.6" fill="none" stroke="var(--accent)" stroke-width="2" />
      <circle cx="14" cy="10.5" r="1.7" fill="var(--accent)" />
      <path d="M18.2 14.8l4 4.2" stroke="var(--accent)" stroke-width="2.4" stroke-linecap="round" />
    </svg>
  );
}
