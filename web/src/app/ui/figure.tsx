// A figure of figures.js inside the application.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Spec } from "../../figures/specs";
import { Busy, Fault } from "./parts";

type Listener = () => void;

class FigureModel {
  private readonly listeners = new Map<string, Set<Listener>>();
  constructor(
    private readonly values: Record<string, unknown>,
    private readonly onTold: (name: string, value: unknown) => void,
  ) {}
  get(name: string): unknown {
    return this.values[name];
  }
  set(name: string, value: unknown): void {
    this.values[name] = value;
    this.onTold(name, value);
  }
  push(name: string, value: unknown): void {
    if (this.values[name] === value) return;
    this.values[name] = value;
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
  }
  on(event: string, listener: Listener): void {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)?.add(listener);
  }
  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }
}

export interface FigureProps {
  spec: Spec | null | undefined;
  fill?: boolean;
  caption?: boolean;
  highlight?: string[];
  onTold?: (name: string, value: unknown) => void;
}

export function FigureBox({ spec, fill, caption = true, highlight, onTold }: FigureProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const model = useRef<FigureModel | null>(null);
  const listener = useRef(onTold);
  listener.current = onTold;
  const [state, setState] = useState<"loading" | "ready" | Error>("loading");
  useEffect(() => {
    let stop: (() => void) | undefined;
    let gone = false;
    import("../../figures/index")
      .then(({ default: { render } }) => {
        if (gone || !box.current) return;
        setState("ready");
        model.current = new FigureModel({ spec, fill, caption, highlight }, (name, value) => listener.current?.(name, value));
        stop = render({ model: model.current, el: box.current });
      })
      .catch((error: Error) => setState(error));
    return () => {
      gone = true;
      stop?.();
    };
  }, []);
  useEffect(() => model.current?.push("spec", spec ?? null), [spec]);
  useEffect(() => model.current?.push("highlight", highlight), [highlight?.join(" ")]);
  return (
    <div class={fill ? "figure-box is-filling" : "figure-box"}>
      {state === "loading" ? <Busy what="Drawing" /> : state === "ready" ? null : <Fault error={state} />}
      <div ref={box} class="figure-inner" />
    </div>
  );
}
