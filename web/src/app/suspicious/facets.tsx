// Four lists that narrow one another.
import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { count } from "../../format";
import { valueOf, type Token } from "../filter";
import type { FacetName, Facets } from "../types";
import { Icon } from "../ui/icons";

const LISTS: { name: FacetName; key: string; label: string }[] = [
  { name: "src_ip", key: "src", label: "Source address" },
  { name: "dst_ip", key: "dst", label: "Destination address" },
  { name: "src_port", key: "sport", label: "Source port" },
  { name: "dst_port", key: "port", label: "Destination port" },
];

const MOST = 250; // values that a list is asked for

interface Props {
  facets: Facets | null;
  tokens: Token[];
  lit: string | null;
  onChange: (key: string, value: string | null) => void;
  onHover: (names: string[]) => void;
}

export const FacetLists = memo(function FacetLists({ facets, tokens, lit, onChange, onHover }: Props): JSX.Element {
  return (
    <aside class="facets" aria-label="Narrow the queue">
      {LISTS.map((list) => (
        <FacetList key={list.name} label={list.label} values={facets?.[list.name] ?? []} chosen={valueOf(tokens, list.key).split(",").filter(Boolean)} lit={lit} onChange={(value) => onChange(list.key, value)} onHover={list.name.endsWith("ip") ? onHover : null} />
      ))}
    </aside>
  );
});

interface ListProps {
  label: string;
  values: Facets[FacetName];
  chosen: string[];
  lit: string | null;
  onChange: (value: string | null) => void;
  onHover: ((names: string[]) => void) | null;
}

function FacetList({ label, values, chosen, lit, onChange, onHover }: ListProps): JSX.Element {
  const [words, setWords] = useState("");
  const most = Math.max(1, ...values.map(([, n]) => n));
  const shown = words ? values.filter(([value]) => String(value).includes(words)) : values;
  // what is chosen stays in sight, even when other choices leave it no suspect
  const lost = chosen.filter((one) => !values.some(([value]) => String(value) === one));
  const toggle = (value: string, adds: boolean) => {
    const others = chosen.filter((one) => one !== value);
    if (chosen.includes(value)) onChange(others.join(",") || null);
    else onChange(adds ? [...chosen, value].join(",") : value);
  };
  return (
    <section class="facet">
      <header>
        <h2>{label}</h2>
        {chosen.length ? <button type="button" class="link-button" onClick={() => onChange(null)}>clear</button> : <span class="muted">{count(values.length)}{values.length >= MOST ? "+" : ""}</span>}
      </header>
      {values.length > 7 || words ? <div class="facet-search"><Icon name="search" size={12} /><input type="search" aria-label={`Find in ${label}`} placeholder="find" value={words} onInput={(event) => setWords(event.currentTarget.value)} /></div> : null}
      <ul onMouseLeave={() => onHover?.([])}>
        {lost.map((value) => <li key={value}><button type="button" aria-pressed="true" onClick={() => toggle(value, false)}><span class="facet-value">{value}</span><span class="facet-count">0</span></button></li>)}
        {shown.map(([value, suspects]) => {
          const text = value === null ? "none" : String(value);
          return (
            <li key={text}>
              <button type="button" disabled={value === null} aria-pressed={chosen.includes(text)} class={lit === text ? "is-lit" : ""} title="Ctrl click adds to what is chosen" onMouseEnter={() => onHover?.([text])} onClick={(event) => toggle(text, event.ctrlKey || event.metaKey || event.shiftKey)}>
                <svg class="facet-bar" width="100%" height="100%" preserveAspectRatio="none" viewBox="0 0 100 10" aria-hidden="true"><rect width={(100 * suspects) / most} height="10" /></svg>
                <span class="facet-value">{text}</span><span class="facet-count">{count(suspects)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
