// Ways from an address elsewhere in the application to its summaries.
import type { JSX } from "preact";
import { Icon } from "../ui/icons";
import { Menu } from "../ui/parts";
import { summaryLink } from "./asked";
import { useCards } from "./cards";

interface Props {
  addresses: string[];
  start?: string;
  end?: string;
}

/** A button that offers every summary of some addresses. */
export function SummaryMenu({ addresses, start = "", end = "" }: Props): JSX.Element | null {
  const cards = useCards("ip_address");
  if (!cards.length) return null;
  return (
    <Menu label="Summaries of its addresses" text={<><Icon name="summary" size={13} />Summaries</>}>
      {(close) => (
        <div class="summary-menu">
          {[...new Set(addresses)].map((address) => (
            <section key={address}>
              <h3>{address}</h3>
              {cards.map((card) => <a key={card.name} class="row-button" href={summaryLink(card.name, address, start, end)} onClick={close} title={card.description}>{card.title}</a>)}
            </section>
          ))}
        </div>
      )}
    </Menu>
  );
}
