// Rules: field, operator, value → severity; each says what it has matched and when.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count, moment, plural } from "../../format";
import { get, parsed, post, remove, rowsOf } from "../api";
import { useApp, useLoad } from "../context";
import type { Preview, Row } from "../types";
import { Icon } from "../ui/icons";
import { Busy, Dialog, Empty, Fault, Field, SeverityBadge, SEVERITIES } from "../ui/parts";
import { DataTable } from "../ui/table";
import { SHORT_COLUMNS } from "./columns";
import { FIELDS, OPERATORS, conditionText, sent, type Condition } from "./rule_words";

export function RulesPanel({ onChanged }: { onChanged: () => void }): JSX.Element {
  const app = useApp();
  const rules = useLoad<Row[]>("rules", async (signal) => rowsOf(await get("rules", {}, signal), "rules"));
  const [isAdding, setAdding] = useState(false);
  const act = async (work: () => Promise<unknown>, says: (answer: Row) => string) => {
    try {
      const answer = (await work()) as Row;
      app.toast(says(answer ?? {}), { tone: "good" });
      rules.reload();
      onChanged();
    } catch (error) {
      app.fail(error);
    }
  };
  const take = async (rule: Row) => {
    const yes = await app.confirm({ title: "Remove this rule?", text: `${String(rule.name)} rates nothing any more, and its ratings are taken back.`, act: "Remove", danger: true });
    if (yes) await act(() => remove(`rules/${String(rule.rule_id)}`), () => "The rule is removed");
  };
  return (
    <div class="side-list">
      {app.canWrite ? (
        <div class="side-actions">
          <button type="button" class="button is-small is-primary" onClick={() => setAdding(true)}><Icon name="plus" size={13} />New rule</button>
          <button type="button" class="button is-small" onClick={() => void act(() => post("rules/apply"), appliedSays)}>Apply all now</button>
        </div>
      ) : null}
      {rules.error ? <Fault error={rules.error} retry={rules.reload} /> : !rules.data ? <Busy /> : rules.data.length === 0 ? <Empty title="No rules yet">A rule rates what is there and what comes. Rules of rules.yaml are listed here, too.</Empty> : null}
      <ul>
        {rules.data?.map((rule) => (
          <li key={String(rule.rule_id ?? rule.name)} class="card">
            <div class="card-head"><strong>{String(rule.name)}</strong><SeverityBadge value={rule.severity} /></div>
            <p class="conditions">{(parsed(rule.conditions) as Condition[] | null)?.map((one) => <code key={conditionText(one)}>{conditionText(one)}</code>)}</p>
            {rule.comment ? <p>{String(rule.comment)}</p> : null}
            <p class="muted">
              {plural((rule.matched as number) ?? 0, "suspect")} rated{rule.last_match ? `, last ${moment(rule.last_match as string, "minute")}` : ""} · {String(rule.origin ?? "page")}{rule.analyst ? ` · ${String(rule.analyst)}` : ""}{rule.is_enabled === false ? " · off" : ""}
            </p>
            {app.canWrite && rule.origin !== "file" ? <button type="button" class="icon-button" aria-label={`Remove rule ${String(rule.name)}`} onClick={() => void take(rule)}><Icon name="trash" size={14} /></button> : null}
          </li>
        ))}
      </ul>
      {isAdding ? <RuleDialog onClose={() => setAdding(false)} onSaved={(answer) => { setAdding(false); app.toast(`The rule is in force. ${appliedSays(answer)}`, { tone: "good" }); rules.reload(); onChanged(); }} /> : null}
    </div>
  );
}

function appliedSays(answer: Row): string {
  const applied = rowsOf(answer, "rules", "applied");
  const total = typeof answer.suspects === "number" ? answer.suspects : applied.reduce((sum, one) => sum + Number(one.suspects ?? one.matched ?? 0), 0);
  return `Rules applied: ${plural(total, "suspect")} rated`;
}

function RuleDialog({ onClose, onSaved }: { onClose: () => void; onSaved: (answer: Row) => void }): JSX.Element {
  const app = useApp();
  const [name, setName] = useState("");
  const [severity, setSeverity] = useState(2);
  const [comment, setComment] = useState("");
  const [conditions, setConditions] = useState<Condition[]>([{ field: "dst_port", operator: "=", value: "" }]);
  const filled = conditions.filter((one) => String(one.value).trim() !== "").map(sent);
  const rule = { name: name.trim(), severity, comment, conditions: filled };
  const preview = useLoad<Preview>(filled.length ? JSON.stringify(filled) : null, (signal) => post("rules/preview", { ...rule, name: rule.name || "preview" }, signal), 300);
  const save = async () => {
    try {
      onSaved(await post<Row>("rules", rule)); // it is applied at once
    } catch (error) {
      app.fail(error);
    }
  };
  const edit = (at: number, part: Partial<Condition>) => setConditions(conditions.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <Dialog title="New rule" wide onClose={onClose} footer={<><button type="button" class="button" onClick={onClose}>Cancel</button><button type="button" class="button is-primary" disabled={!rule.name || !filled.length} onClick={() => void save()}>Save and apply</button></>}>
      <div class="form-row">
        <Field label="Name"><input class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} /></Field>
        <Field label="Rates as"><select class="select" value={severity} onChange={(event) => setSeverity(Number(event.currentTarget.value))}>{SEVERITIES.map((one) => <option key={one.value} value={one.value}>{one.value} {one.name}</option>)}</select></Field>
      </div>
      <fieldset class="conditions-edit">
        <legend>All of these must hold</legend>
        {conditions.map((one, i) => (
          <div class="condition" key={i}>
            <select class="select" aria-label="Field" value={one.field} onChange={(event) => edit(i, { field: event.currentTarget.value })}>{FIELDS.map((field) => <option key={field} value={field}>{field}</option>)}</select>
            <select class="select" aria-label="Operator" value={one.operator} onChange={(event) => edit(i, { operator: event.currentTarget.value })}>{OPERATORS.map(([operator, says]) => <option key={operator} value={operator}>{says}</option>)}</select>
            <input class="input" aria-label="Value" placeholder={one.operator === "in" ? "22, 23, 3389" : ""} value={String(one.value)} onInput={(event) => edit(i, { value: event.currentTarget.value })} />
            <button type="button" class="icon-button" aria-label="Remove this condition" disabled={conditions.length === 1} onClick={() => setConditions(conditions.filter((_, at) => at !== i))}><Icon name="close" size={14} /></button>
          </div>
        ))}
        <button type="button" class="button is-small" onClick={() => setConditions([...conditions, { field: "dst_ip", operator: "cidr", value: "" }])}><Icon name="plus" size={13} />And</button>
      </fieldset>
      <Field label="Comment"><input class="input" value={comment} onInput={(event) => setComment(event.currentTarget.value)} /></Field>
      <div class="preview" role="status">
        {preview.error ? <Fault error={preview.error} /> : preview.data ? <><p>Would rate <strong>{count(preview.data.suspects)}</strong> suspects, <strong>{count(preview.data.flows)}</strong> flows of those there are now.</p><DataTable label="First suspects that match" columns={SHORT_COLUMNS} rows={preview.data.rows} height={190} /></> : <p class="muted">Fill in a value to see what it matches.</p>}
      </div>
    </Dialog>
  );
}
