// The filter in words, as chips one can take away.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fieldsOf, KEYS, textOf, tokens, tokenText, type Token } from "../filter";
import { Icon } from "../ui/icons";

interface Props {
  tokens: Token[];
  onChange: (list: Token[]) => void;
  fault: string | null;
}

export function FilterBar({ tokens: list, onChange, fault }: Props): JSX.Element {
  const [draft, setDraft] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = () => input.current?.focus();
    window.addEventListener("flowsleuth:filter", focus);
    return () => window.removeEventListener("flowsleuth:filter", focus);
  }, []);
  const add = () => {
    const more = tokens(draft);
    try {
      fieldsOf([...list, ...more]);
    } catch (error) {
      setProblem((error as Error).message);
      return;
    }
    setProblem(null);
    setDraft("");
    if (more.length) onChange([...list, ...more]);
  };
  const word = /(\S*)$/.exec(draft)?.[1] ?? "";
  const offers = isOpen && !/[:<>]/.test(word) ? KEYS.filter((key) => key.key.startsWith(word.toLowerCase())) : [];
  const take = (key: string) => {
    setDraft(`${draft.slice(0, draft.length - word.length)}${key}:`);
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") add();
    else if (event.key === "Backspace" && !draft && list.length) {
      event.preventDefault();
      setDraft(tokenText(list[list.length - 1] as Token));
      onChange(list.slice(0, -1));
    } else if (event.key === "Tab" && offers[0] && word) {
      event.preventDefault();
      take(offers[0].key);
    } else if (event.key === "Escape") input.current?.blur();
  };
  return (
    <div class="filter" role="search">
      <Icon name="filter" />
      {list.map((token, i) => (
        <span class="chip" key={`${i}${tokenText(token)}`}>
          {token.key ? <b>{token.key}{token.op === ":" ? "" : ` ${token.op}`}</b> : null}{token.value}
          <button type="button" aria-label={`Remove filter ${tokenText(token)}`} onClick={() => onChange(list.filter((_, at) => at !== i))}><Icon name="close" size={11} /></button>
        </span>
      ))}
      <input ref={input} id="filter-input" aria-label="Filter the queue" autocomplete="off" spellcheck={false} placeholder={list.length ? "and…" : "Filter: src:10.0.0.0/8  port:22,80-90  bytes>1MB  dir:outbound  words of the reason"} value={draft} onInput={(event) => { setDraft(event.currentTarget.value); setProblem(null); }} onKeyDown={onKey} onFocus={() => setOpen(true)} onBlur={() => window.setTimeout(() => setOpen(false), 150)} />
      {list.length ? <button type="button" class="icon-button" aria-label="Clear the filter" title="Clear the filter" onClick={() => onChange([])}><Icon name="close" size={14} /></button> : null}
      {problem ?? fault ? <div class="filter-fault" role="alert">{problem ?? fault}</div> : null}
      {offers.length && !problem ? (
        <div class="filter-offers">
          {offers.map((key) => <button key={key.key} type="button" tabIndex={-1} onPointerDown={(event) => { event.preventDefault(); take(key.key); }}><b>{key.key}:</b><span>{key.says}</span><code>{key.example}</code></button>)}
          {draft ? <p class="muted">Enter applies: {textOf(tokens(draft))}</p> : null}
        </div>
      ) : null}
    </div>
  );
}
