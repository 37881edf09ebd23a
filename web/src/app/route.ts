// The state of the page is in the URL's hash, so a link shows a colleague the same: #/suspicious?f=src:10.0.0.0/8&page=2
import { useEffect, useState } from "preact/hooks";

export interface Route {
  page: string;
  rest: string;
  params: Record<string, string>;
}

export function parseHash(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/");
  return { page: page || "suspicious", rest: safeDecode(rest.join("/")), params: Object.fromEntries(new URLSearchParams(query)) };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf({ page, rest, params }: Route): string {
  const kept = Object.entries(params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(kept).toString();
  return `#/${page}${rest ? `/${encodeURIComponent(rest)}` : ""}${query ? `?${query}` : ""}`;
}

export function go(page: string, rest = "", params: Record<string, string> = {}): void {
  location.hash = hashOf({ page, rest, params });
}

/** Changes some parameters of the present page; with `quietly` the back button skips the step. */
export function change(params: Record<string, string | null>, quietly = false): void {
  const route = parseHash(location.hash);
  const next: Record<string, string> = { ...route.params };
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === "") delete next[name];
    else next[name] = value;
  }
  const hash = hashOf({ ...route, params: next });
  if (hash === location.hash) return;
  if (quietly) {
    history.replaceState(null, "", hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = hash;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseHash(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseHash(location.hash));
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return route;
}
