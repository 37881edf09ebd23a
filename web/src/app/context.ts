// What every part of the application may ask for: who is there, what is chosen, how to tell of a success or a fault.
import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api";
import type { Session } from "./types";

export interface Toast {
  id: number;
  text: string;
  detail?: string;
  tone: "good" | "bad" | "plain";
  action?: { label: string; run: () => void };
}

export interface App {
  session: Session;
  info: Record<string, unknown>;
  canWrite: boolean;
  isAdmin: boolean;
  toast(text: string, more?: Partial<Omit<Toast, "id" | "text">>): void;
  fail(error: unknown): void;
  confirm(question: { title: string; text: string; act: string; danger?: boolean }): Promise<boolean>;
  reloadInfo(): void;
}

export const AppContext = createContext<App>(null as unknown as App);
export const useApp = () => useContext(AppContext);

export function told(error: unknown): { text: string; detail?: string } {
  if (error instanceof ApiError) return { text: error.where ? `${error.message}: ${error.where}` : error.message, detail: error.hint };
  return { text: error instanceof Error ? error.message : String(error) };
}

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  isLoading: boolean;
  reload(): void;
}

/** Loads when `key` changes; keeps the former answer on the screen until the new one is there. */
export function useLoad<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>, delay = 0): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown; isLoading: boolean }>({ data: null, error: null, isLoading: key !== null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === null) {
      setState({ data: null, error: null, isLoading: false });
      return undefined;
    }
    const stop = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    const timer = window.setTimeout(() => {
      latest
        .current(stop.signal)
        .then((data) => !stop.signal.aborted && setState({ data, error: null, isLoading: false }))
        .catch((error: unknown) => !stop.signal.aborted && setState({ data: null, error, isLoading: false }));
    }, delay);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key, turn]);
  return { ...state, reload: () => setTurn((n) => n + 1) };
}

/** A value that survives a reload of the page, per browser. */
export function useKept<T extends string | boolean | number>(name: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    const kept = localStorage.getItem(`flowsleuth.${name}`);
    return kept === null ? initial : (JSON.parse(kept) as T);
  });
  return [
    value,
    (next: T) => {
      localStorage.setItem(`flowsleuth.${name}`, JSON.stringify(next));
      setValue(next);
    },
  ];
}
