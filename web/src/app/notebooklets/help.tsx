// All that is to know about a notebooklet, made by the server from what it declares; every word of it is text.
import type { JSX } from "preact";
import { get } from "../api";
import { useLoad } from "../context";
import type { Card } from "../types";
import { Busy, Dialog, Fault } from "../ui/parts";

interface Part {
  title: string;
  text: string;
  things: [name: string, says: string][];
}

/** Names between backticks stand out. */
const worded = (text: string) => text.split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));

export function HelpDialog({ card, onClose }: { card: Card; onClose: () => void }): JSX.Element {
  const found = useLoad<Part[]>(`help ${card.name}`, async (signal) => (await get<{ parts: Part[] }>(`notebooklets/${card.name}/help`, {}, signal)).parts);
  return (
    <Dialog title={card.title} onClose={onClose} wide>
      {found.error ? <Fault error={found.error} /> : !found.data ? <Busy /> : found.data.map((part) => (
        <section key={part.title} class="notebooklet-help">
          <h3>{part.title}</h3>
          {part.text.split(/\n{2,}/).filter(Boolean).map((text, i) => <p key={i}>{worded(text)}</p>)}
          {part.things.length ? <table class="plain"><tbody>{part.things.map(([name, says]) => <tr key={name}><th scope="row"><code>{name}</code></th><td>{worded(says)}</td></tr>)}</tbody></table> : null}
        </section>
      ))}
    </Dialog>
  );
}
