// Triage by keyboard.
import { useEffect, useRef } from "preact/hooks";
import { isTyping } from "../shell";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const target = event.target as HTMLElement | null;
      const isControl = target?.closest("button, a, summary, [role=tab]");
      if (isControl && (event.key === "Enter" || event.key === " ")) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
