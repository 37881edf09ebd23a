import type { JSX } from "preact";
import type { Toast } from "../context";
import { Icon } from "./icons";

export function Toasts({ toasts, onClose }: { toasts: Toast[]; onClose: (id: number) => void }): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} class={`toast is-${toast.tone}`}>
          <div><strong>{toast.text}</strong>{toast.detail ? <p>{toast.detail}</p> : null}</div>
          {toast.action ? <button type="button" class="button is-small" onClick={() => { toast.action?.run(); onClose(toast.id); }}>{toast.action.label}</button> : null}
          <button type="button" class="icon-button" aria-label="Close this message" onClick={() => onClose(toast.id)}><Icon name="close" size={14} /></button>
        </div>
      ))}
    </div>
  );
}
