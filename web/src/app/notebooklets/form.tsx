// What to run it on: value, time, options as boxes to tick, parameters.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../context";
import { go } from "../route";
import type { Card, Parameter } from "../types";
import { Icon } from "../ui/icons";
import { Field } from "../ui/parts";
import { TimeInput } from "../ui/time_input";
import { asksOthers, chosenOf, defaultsOf, isOn, optionsAsked, PAGE, paramsOf, settingOf, takes, type Asked } from "./asked";

interface Props {
  card: Card;
  asked: Asked;
  onHelp: () => void;
  onRun: (asked: Asked) => void;
}

export function RunForm({ card, asked, onHelp, onRun }: Props): JSX.Element {
  const [draft, setDraft] = useState(asked);
  const key = JSON.stringify(asked);
  useEffect(() => setDraft(asked), [key]);
  const submit = (event: Event) => {
    event.preventDefault();
    const value = draft.value.trim();
    if (!value) return;
    const next = { ...draft, value };
    onRun(next);
    go(PAGE, card.name, paramsOf(next));
  };
  return (
    <form class="panel run-form" aria-label={card.title} onSubmit={submit}>
      <header>
        <div><h1>{card.title}</h1><p class="muted">{card.description}</p></div>
        <button type="button" class="button is-small" onClick={onHelp}><Icon name="help" size={13} />Help</button>
      </header>
      <div class="run-line">
        <input class="input is-large" aria-label={`Value: ${takes(card)}`} placeholder={`Of which ${takes(card).replace(/, ([^,]*)$/, " or $1")}?`} value={draft.value} onInput={(event) => setDraft({ ...draft, value: event.currentTarget.value })} />
        <TimeInput label="from" value={draft.start} onChange={(start) => setDraft({ ...draft, start })} />
        <TimeInput label="to" value={draft.end} onChange={(end) => setDraft({ ...draft, end })} />
        <button type="submit" class="button is-primary" disabled={!draft.value.trim()}>Run</button>
      </div>
      <Options card={card} asked={draft} onChange={(options) => setDraft({ ...draft, options })} />
      {card.parameters.length ? <Parameters card={card} asked={draft} onChange={(settings) => setDraft({ ...draft, settings })} /> : null}
      {asksOthers(card, draft) ? <p class="run-online"><Icon name="globe" size={14} />Asks others over the network: what is looked up leaves this server.</p> : null}
    </form>
  );
}

function Options({ card, asked, onChange }: { card: Card; asked: Asked; onChange: (options: string[] | null) => void }): JSX.Element {
  const { canWrite } = useApp();
  const chosen = chosenOf(card, asked);
  const all = card.options.filter((option) => !option.is_online).map((option) => option.name);
  const set = (names: string[]) => onChange(optionsAsked(card, names));
  const toggle = (name: string) => set(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <fieldset class="run-options">
      <legend class="hidden">Options</legend>
      {card.options.map((option) => {
        const isRefused = option.is_online && !canWrite;
        const words = option.is_online ? `${option.description}${isRefused ? " Needs the role analyst." : ""}` : option.description;
        return (
          <label key={option.name} class="option" title={words}>
            <input type="checkbox" checked={chosen.includes(option.name)} disabled={isRefused} onChange={() => toggle(option.name)} />
            <span>{option.name}</span>
            {option.is_online ? <Icon name="globe" size={12} /> : null}
          </label>
        );
      })}
      <span class="run-sets">
        <button type="button" class="link-button" onClick={() => set(defaultsOf(card))}>defaults</button>
        <button type="button" class="link-button" title="All that stay on this server" onClick={() => set([...all, ...chosen])}>all</button>
        <button type="button" class="link-button" onClick={() => set([])}>none</button>
      </span>
    </fieldset>
  );
}

function Parameters({ card, asked, onChange }: { card: Card; asked: Asked; onChange: (settings: Record<string, string>) => void }): JSX.Element {
  const changed = Object.keys(asked.settings).length;
  const set = (one: Parameter, text: string) => {
    const { [one.name]: _, ...others } = asked.settings;
    onChange(text === String(one.default ?? "") ? others : { ...others, [one.name]: text });
  };
  return (
    <details class="run-parameters" open={changed > 0}>
      <summary>Parameters{changed ? <span class="tab-count">{changed} changed</span> : null}</summary>
      <div>{card.parameters.map((one) => <Setting key={one.name} one={one} text={settingOf(one, asked)} onChange={(text) => set(one, text)} />)}</div>
    </details>
  );
}

function Setting({ one, text, onChange }: { one: Parameter; text: string; onChange: (text: string) => void }): JSX.Element {
  const { canWrite } = useApp();
  const isNumber = /^(int|float)/.test(one.type);
  const isRefused = one.is_online && !canWrite;
  const hint = `${one.help}${one.unit ? ` (${one.unit})` : ""}${isRefused ? "; needs the role analyst" : ""}`;
  if (one.type === "bool") {
    return (
      <label class="option" title={hint}>
        <input type="checkbox" checked={isOn(text)} disabled={isRefused} onChange={(event) => onChange(event.currentTarget.checked ? "true" : "false")} />
        <span>{one.name}</span>{one.is_online ? <Icon name="globe" size={12} /> : null}
        <small class="muted">{hint}</small>
      </label>
    );
  }
  return (
    <Field label={one.name} hint={hint}>
      {isNumber
        ? <input class="input" type="number" step={one.type.startsWith("float") ? "any" : 1} min={one.minimum ?? undefined} max={one.maximum ?? undefined} value={text} disabled={isRefused} onInput={(event) => onChange(event.currentTarget.value)} />
        : <input class="input" value={text} disabled={isRefused} onInput={(event) => onChange(event.currentTarget.value)} />}
    </Field>
  );
}
