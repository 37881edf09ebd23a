// The queue as a network: hover marks rows, a click shows the chord, a right click (or the filter button) filters.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { NetworkSpec } from "../../figures/specs";
import { get } from "../api";
import { useLoad } from "../context";
import { FigureBox } from "../ui/figure";
import { Icon } from "../ui/icons";
import { Busy, Dialog, Fault } from "../ui/parts";

interface Props {
  query: Record<string, string>;
  turn: number;
  highlight: string[];
  onHover: (ip: string | null) => void;
  onPick: (ip: string) => void;
  onFilter: (ip: string) => void;
}

export function NetworkPanel({ query, turn, highlight, onHover, onPick, onFilter }: Props): JSX.Element {
  const [isLarge, setLarge] = useState(false);
  const found = useLoad<NetworkSpec>(`network ${JSON.stringify(query)} ${turn}`, async (signal) => {
    const made = await get<NetworkSpec>("network", query, signal);
    return { ...made, kind: "network" as const, absent: made.nodes.length ? null : "no suspect to draw" };
  }, 120);
  const told = (name: string, value: unknown) => {
    const address = (value as { name?: string } | null)?.name ?? null;
    if (name === "hovered") onHover(address);
    else if (name === "picked" && address) {
      setLarge(false);
      onPick(address);
    } else if (name === "filtered" && address) {
      setLarge(false);
      onFilter(address);
    }
  };
  return (
    <section class="network panel" aria-label="Network view">
      <header class="panel-head">
        <h2>Network</h2>
        <span class="muted legend"><i class="is-diamond" aria-hidden="true" />internal <i class="is-circle" aria-hidden="true" />external</span>
        <button type="button" class="icon-button" aria-label="Enlarge the network view" title="Enlarge" onClick={() => setLarge(true)}><Icon name="expand" size={14} /></button>
      </header>
      <div class="network-body">
        {found.error ? <Fault error={found.error} retry={found.reload} /> : found.data ? <FigureBox spec={found.data} fill caption={false} highlight={highlight} onTold={told} /> : <Busy what="Drawing" />}
      </div>
      {isLarge && found.data ? (
        <Dialog title="Network of the queue" wide onClose={() => setLarge(false)}>
          <div class="network-large"><FigureBox spec={found.data} fill caption={false} onTold={told} /></div>
        </Dialog>
      ) : null}
    </section>
  );
}
