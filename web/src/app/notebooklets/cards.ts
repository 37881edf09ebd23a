// The catalogue, fetched once for the whole application.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import type { Card } from "../types";

let fetched: Promise<Card[]> | null = null;

export function loadCards(): Promise<Card[]> {
  fetched ??= get<{ rows: Card[] }>("notebooklets").then(({ rows }) => rows);
  fetched.catch(() => { fetched = null; });
  return fetched;
}

/** Notebooklets; those that take one kind of value when a kind is named. Empty until they are there. */
export function useCards(kind = ""): Card[] {
  const [cards, setCards] = useState<Card[]>([]);
  useEffect(() => {
    let isGone = false;
    loadCards().then((found) => !isGone && setCards(found), () => undefined);
    return () => { isGone = true; };
  }, []);
  return kind ? cards.filter((card) => card.entity_types.includes(kind)) : cards;
}
