// Small parts that every page uses.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { told } from "../context";
import { Icon } from "./icons";

export const SEVERITIES = [
  { value: 1, name: "High", key: "high" },
  { value: 2, name: "Medium", key: "medium" },
  { value: 3, name: "Low", key: "low" },
] as const;

export function SeverityBadge({ value }: { value: unknown }): JSX.Element {
  const found = SEVERITIES.find((one) => one.value === Number(value));
  if (!found) return <span class="muted">–</span>;
  return <span class={`severity is-${found.key}`}>{found.value} {found.name}</span>;
}

export function Score({ value }: { value: number }): JSX.Element {
  return (
    <span class="score">
      {value.toFixed(3)}
      <svg width="30" height="5" aria-hidden="true" focusable="false"><rect width="30" height="5" rx="2.5" class="score-track" /><rect width={Math.max(2, 30 * value)} height="5" rx="2.5" class="score-fill" /></svg>
    </span>
  );
}

const DIRECTIONS: Record<string, string> = { outbound: "↗", inbound: "↙", internal: "⇄", external: "⇢" };
export function Direction({ value }: { value: string | null }): JSX.Element {
  const name = value ?? "unknown";
  return <span class={`direction is-${name}`} title={name}><span aria-hidden="true">{DIRECTIONS[name] ?? "→"}</span><span class="hidden">{name}</span></span>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return <div class="empty"><strong>{title}</strong>{children ? <p>{children}</p> : null}</div>;
}

export function Fault({ error, retry }: { error: unknown; retry?: () => void }): JSX.Element {
  const { text, detail } = told(error);
  return (
    <div class="fault" role="alert">
      <strong>{text}</strong>
      {detail ? <p>{detail}</p> : null}
      {retry ? <button type="button" class="button" onClick={retry}>Try again</button> : null}
    </div>
  );
}

export function Busy({ what = "Loading" }: { what?: string }): JSX.Element {
  return <div class="busy" role="status"><span class="spinner" aria-hidden="true" />{what}…</div>;
}

export interface TabSpec {
  id: string;
  label: string;
  count?: number | null;
}
export function Tabs({ tabs, value, onChange, label, panel }: { tabs: TabSpec[]; value: string; onChange: (id: string) => void; label: string; panel: string }): JSX.Element {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = tabs.findIndex((tab) => tab.id === value);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.id);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${panel}-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map((tab) => (
        <button key={tab.id} id={`tab-${panel}-${tab.id}`} type="button" role="tab" aria-selected={tab.id === value} aria-controls={panel} tabIndex={tab.id === value ? 0 : -1} onClick={() => onChange(tab.id)}>
          {tab.label}
          {tab.count ? <span class="tab-count">{tab.count}</span> : null}
        </button>
      ))}
    </div>
  );
}

interface SegmentedProps<T extends string> {
  options: { value: T; label: string; count?: number | undefined }[];
  value: T;
  onChange: (value: T) => void;
  label: string;
}
export function Segmented<T extends string>({ options, value, onChange, label }: SegmentedProps<T>): JSX.Element {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
          {option.count === undefined ? null : <span class="tab-count">{option.count.toLocaleString("en-US")}</span>}
        </button>
      ))}
    </div>
  );
}

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
  footer?: ComponentChildren;
}
/** A dialog that holds the focus, closes on Escape and gives the focus back. */
export function Dialog({ title, onClose, children, wide, footer }: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    ref.current?.showModal();
    return () => before?.focus?.();
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={ref} class={wide ? "dialog is-wide" : "dialog"} aria-label={title} onCancel={cancel} onClick={(event) => event.target === ref.current && onClose()}>
      <div class="dialog-box">
        <header><h2>{title}</h2><button type="button" class="icon-button" aria-label="Close" onClick={onClose}><Icon name="close" /></button></header>
        <div class="dialog-body">{children}</div>
        {footer ? <footer>{footer}</footer> : null}
      </div>
    </dialog>
  );
}

interface MenuProps {
  label: string;
  icon?: string;
  text?: ComponentChildren;
  children: (close: () => void) => ComponentChildren;
  align?: "left" | "right";
}
/** A button that opens a small sheet under itself. */
export function Menu({ label, icon, text, children, align = "right" }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);
  return (
    <div class="menu" ref={box}>
      <button type="button" class={text ? "button is-quiet" : "icon-button"} aria-label={label} title={label} aria-expanded={open} onClick={() => setOpen(!open)}>
        {icon ? <Icon name={icon} /> : null}
        {text}
      </button>
      {open ? <div class={`sheet is-${align}`} role="group" aria-label={label}>{children(() => setOpen(false))}</div> : null}
    </div>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }): JSX.Element {
  return <label class="field"><span>{label}</span>{children}{hint ? <small>{hint}</small> : null}</label>;
}

export function Tile({ label, value, note }: { label: string; value: ComponentChildren; note?: ComponentChildren }): JSX.Element {
  return <div class="tile"><dt>{label}</dt><dd>{value}{note ? <small>{note}</small> : null}</dd></div>;
}
