// A moment in UTC, typed as it is shown everywhere else: 2020-04-30 00:10.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { millis, moment } from "../../format";

/** Text of a moment in UTC, or null when it is none; "" is open. */
export function parseMoment(text: string): string | null {
  const plain = text.trim();
  if (!plain) return "";
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?Z?$/.exec(plain);
  const ms = match ? Date.parse(`${match[1] ?? ""}T${match[2] ?? "00:00"}${match[3] ?? ":00"}Z`) : Number.NaN;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().replace(".000Z", "Z");
}

const shown = (value: string) => (value ? (millis(value) % 60_000 ? moment(value) : moment(value, "minute")) : "");

export function TimeInput({ label, value, onChange }: { label: string; value: string; onChange: (utc: string) => void }): JSX.Element {
  const [text, setText] = useState(shown(value));
  useEffect(() => setText(shown(value)), [value]);
  const isBad = parseMoment(text) === null;
  const leave = () => {
    const parsed = parseMoment(text);
    if (parsed !== null && parsed !== value) onChange(parsed);
  };
  return (
    <label class="choice">
      <span class="muted">{label}</span>
      <input class="input time-input" placeholder="YYYY-MM-DD hh:mm" title="UTC; empty is open" aria-label={`${label} (UTC)`} aria-invalid={isBad} value={text} onInput={(event) => setText(event.currentTarget.value)} onBlur={leave} onKeyDown={(event) => event.key === "Enter" && leave()} />
    </label>
  );
}
