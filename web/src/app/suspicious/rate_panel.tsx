// Rating: by selection, by four fields, by one address; what it would match is shown before it is made.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count, plural } from "../../format";
import { post } from "../api";
import { told, useApp, useLoad } from "../context";
import type { Criteria, Preview, RatingMade, Severity, Suspect } from "../types";
import { Icon } from "../ui/icons";
import { Dialog, Segmented, SEVERITIES } from "../ui/parts";
import { DataTable } from "../ui/table";
import { SHORT_COLUMNS } from "./columns";

export type Scope = "selection" | "fields" | "address";
const FIELDS = [
  { key: "src_ip", label: "Source address" },
  { key: "src_port", label: "Source port" },
  { key: "dst_ip", label: "Destination address" },
  { key: "dst_port", label: "Destination port" },
] as const;
type FieldName = (typeof FIELDS)[number]["key"];

interface Props {
  selection: Suspect[];
  detector: string;
  dates: string;
  comment: string;
  onComment: (text: string) => void;
  onRated: (made: RatingMade, severity: Severity) => void;
  onUndo: () => void;
}

export function RatePanel({ selection, detector, dates, comment, onComment, onRated, onUndo }: Props): JSX.Element {
  const app = useApp();
  const [scope, setScope] = useState<Scope>("selection");
  const [fields, setFields] = useState<Record<FieldName, string>>({ src_ip: "", src_port: "", dst_ip: "", dst_port: "" });
  const [used, setUsed] = useState<Record<FieldName, boolean>>({ src_ip: true, src_port: false, dst_ip: true, dst_port: true });
  const [quick, setQuick] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isShowing, setShowing] = useState(false);
  const cursor = selection[0];
  const touched = useRef(false);
  useEffect(() => {
    if (!cursor || touched.current) return;
    setFields({ src_ip: cursor.src_ip, src_port: String(cursor.src_port ?? ""), dst_ip: cursor.dst_ip, dst_port: String(cursor.dst_port ?? "") });
    setQuick(cursor.src_ip);
  }, [cursor?.suspect_id]);

  const criteria = criteriaOf(scope, selection, fields, used, quick, detector, dates);
  const key = criteria && scope !== "selection" ? JSON.stringify(criteria) : null;
  const preview = useLoad<Preview>(key, (signal) => post("preview", criteria, signal), 250);
  const rate = async (severity: Severity) => {
    if (!criteria || isBusy) return;
    setBusy(true);
    try {
      onRated(await post<RatingMade>("ratings", { ...criteria, severity, why: comment }), severity);
      touched.current = false;
    } catch (error) {
      app.fail(error);
    } finally {
      setBusy(false);
    }
  };
  const edit = (name: FieldName, value: string) => {
    touched.current = true;
    setFields({ ...fields, [name]: value });
    setUsed({ ...used, [name]: value !== "" });
  };
  return (
    <div class="rate">
      <Segmented label="What to rate" value={scope} onChange={setScope} options={[{ value: "selection", label: selection.length > 1 ? `Selected ${selection.length}` : "This one" }, { value: "fields", label: "Four fields" }, { value: "address", label: "Address" }]} />
      {scope === "selection" ? <SelectionSays selection={selection} /> : null}
      {scope === "fields" ? (
        <div class="rate-fields">
          {FIELDS.map((field) => (
            <div class="rate-field" key={field.key}>
              <input type="checkbox" id={`use-${field.key}`} checked={used[field.key]} onChange={(event) => { touched.current = true; setUsed({ ...used, [field.key]: event.currentTarget.checked }); }} />
              <label for={`use-${field.key}`}>{field.label}</label>
              <input class="input" aria-label={field.label} value={fields[field.key]} disabled={!used[field.key]} onInput={(event) => edit(field.key, event.currentTarget.value)} />
            </div>
          ))}
        </div>
      ) : null}
      {scope === "address" ? (
        <div class="rate-fields">
          <label class="field"><span>Address or CIDR, at either end</span><input class="input" value={quick} onInput={(event) => { touched.current = true; setQuick(event.currentTarget.value); }} /></label>
        </div>
      ) : null}
      {key ? <PreviewSays preview={preview} onShow={() => setShowing(true)} /> : null}
      <label class="field"><span class="hidden">Comment</span><input id="rate-comment" class="input" placeholder="Comment (c): why" value={comment} onInput={(event) => onComment(event.currentTarget.value)} /></label>
      <div class="rate-buttons" role="group" aria-label="Rate">
        {SEVERITIES.map((one) => (
          <button key={one.value} type="button" class={`rate-button is-${one.key}`} disabled={!criteria || isBusy} onClick={() => void rate(one.value)}>
            <kbd aria-hidden="true">{one.value}</kbd>{one.name}
          </button>
        ))}
      </div>
      <button type="button" class="button is-quiet is-small" onClick={onUndo}><Icon name="undo" size={14} />Undo the last rating <kbd aria-hidden="true">u</kbd></button>
      {isShowing && preview.data ? (
        <Dialog title={`Would rate ${plural(preview.data.suspects, "suspect")}, ${plural(preview.data.flows, "flow")}`} wide onClose={() => setShowing(false)}>
          <DataTable label="First suspects that match" columns={SHORT_COLUMNS} rows={preview.data.rows} height={420} />
          {preview.data.suspects > preview.data.rows.length ? <p class="muted">The first {preview.data.rows.length} are shown.</p> : null}
        </Dialog>
      ) : null}
    </div>
  );
}

function criteriaOf(scope: Scope, selection: Suspect[], fields: Record<FieldName, string>, used: Record<FieldName, boolean>, quick: string, detector: string, dates: string): Criteria | null {
  const where: Criteria = { ...(detector ? { detector } : {}), ...(dates ? { dates: dates.split(",") } : {}) };
  if (scope === "selection") return selection.length ? { ...where, suspects: selection.map((one) => one.suspect_id) } : null;
  if (scope === "address") return quick.trim() ? { ...where, ip: quick.trim() } : null;
  const filled = FIELDS.filter((field) => used[field.key] && fields[field.key].trim() !== "");
  return filled.length ? { ...where, ...Object.fromEntries(filled.map((field) => [field.key, fields[field.key].trim()])) } : null;
}

function SelectionSays({ selection }: { selection: Suspect[] }): JSX.Element {
  const [one] = selection;
  if (!one) return <p class="rate-says muted">Choose a suspect: click, or <kbd>j</kbd> and <kbd>k</kbd>.</p>;
  const flows = selection.reduce((sum, suspect) => sum + Number(suspect.flows), 0);
  return (
    <p class="rate-says">
      {selection.length > 1 ? <strong>{plural(selection.length, "suspect")}</strong> : <strong>{one.src_ip} → {one.dst_ip}{one.dst_port === null ? "" : `:${one.dst_port}`}</strong>}
      <span class="muted"> {plural(flows, "flow")} rated exactly, nothing else</span>
    </p>
  );
}

function PreviewSays({ preview, onShow }: { preview: { data: Preview | null; error: unknown; isLoading: boolean }; onShow: () => void }): JSX.Element {
  if (preview.error) {
    const { text, detail } = told(preview.error);
    return <p class="rate-says is-bad" role="alert">{text}{detail ? ` · ${detail}` : ""}</p>;
  }
  if (!preview.data) return <p class="rate-says muted" role="status">counting…</p>;
  return (
    <p class={preview.isLoading ? "rate-says is-stale" : "rate-says"} role="status">
      Would rate <strong>{count(preview.data.suspects)}</strong> {preview.data.suspects === 1 ? "suspect" : "suspects"}, <strong>{count(preview.data.flows)}</strong> {preview.data.flows === 1 ? "flow" : "flows"}{preview.data.rated ? `, ${count(preview.data.rated)} rated before` : ""}
      {preview.data.suspects ? <button type="button" class="link-button" onClick={onShow}>show</button> : null}
    </p>
  );
}
