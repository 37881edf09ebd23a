// Elements with text, never with markup: whatever a log says is shown as text.
type Child = Node | string | number | null | undefined | false;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | ((event: never) => void)> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** A tooltip: a heading and pairs of label and value. */
export function tip(title: string, pairs: [string, string][], note?: string): HTMLElement {
  return make(
    "div",
    { class: "fs-tip" },
    make("strong", {}, title),
    make("dl", {}, ...pairs.flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)])),
    note ? make("p", {}, note) : null,
  );
}

/** Facts written as "name: text" as pairs of a tooltip. */
export const factsOf = (facts: string[] | undefined): [string, string][] =>
  (facts ?? []).map((fact) => {
    const at = fact.indexOf(": ");
    return at < 0 ? ["", fact] : [fact.slice(0, at), fact.slice(at + 2)];
  });

export function iconButton(label: string, text: string, onClick: () => void): HTMLButtonElement {
  return make("button", { type: "button", class: "fs-tool", title: label, "aria-label": label, click: onClick }, text);
}
