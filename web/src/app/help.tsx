import type { JSX } from "preact";
import { KEYS } from "./filter";
import { Dialog } from "./ui/parts";

export const SHORTCUTS: [keys: string[], does: string][] = [
  [["j", "↓"], "next suspect"],
  [["k", "↑"], "previous suspect"],
  [["1"], "rate the selection high"],
  [["2"], "rate it medium"],
  [["3"], "rate it low"],
  [["u"], "take the last rating back"],
  [["x", "Space"], "select this one, too"],
  [["Esc"], "clear the selection"],
  [["Enter"], "investigate the source address"],
  [["/"], "filter"],
  [["n", "p"], "next, previous page"],
  [["c"], "comment on the next rating"],
  [["?"], "this help"],
];

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keys and filters" onClose={onClose} wide>
      <div class="help">
        <section>
          <h3>Keys of the queue</h3>
          <table class="plain"><tbody>{SHORTCUTS.map(([keys, does]) => <tr key={does}><td>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</td><td>{does}</td></tr>)}</tbody></table>
        </section>
        <section>
          <h3>Words of the filter</h3>
          <table class="plain"><tbody>{KEYS.map((key) => <tr key={key.key}><td><code>{key.example}</code></td><td>{key.says}</td></tr>)}<tr><td><code>beacon</code></td><td>any other word: anywhere in the row</td></tr></tbody></table>
          <p class="muted">Several values of one key by comma. Sizes: 500kB, 1.5MB, 1kB..5MB. The link in the address bar carries the filter.</p>
        </section>
      </div>
    </Dialog>
  );
}
