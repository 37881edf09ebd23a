// A table of a notebook, as one ES module for anywidget: rows are text, chosen by click or keyboard, sorted by heading.
//
// model.get("columns")   [{name, title, is_number}]
// model.get("rows")      [[text or null, …]]
// model.get("caption")   said above the table and to screen readers
// and both ways:         "selected" [row numbers]
// Whatever comes from logs is put in as text, never as markup.
import css from "./table.css";

interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

interface Column {
  name: string;
  title: string;
  is_number: boolean;
}

type Cell = string | null;

const compare = (a: Cell, b: Cell, isNumber: boolean): number => {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = isNumber ? Number(a.replaceAll(",", "")) - Number(b.replaceAll(",", "")) : 0;
  return order || (a < b ? -1 : a > b ? 1 : 0);
};

class RowsTable {
  private readonly table = document.createElement("table");
  private readonly caption = document.createElement("caption");
  private order: number[] = [];
  private sorted: { at: number; isUp: boolean } | null = null;
  private last = -1;

  constructor(private readonly model: Model, el: HTMLElement) {
    const box = document.createElement("div");
    box.className = "fs-rows";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const root = box.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.table);
    el.append(box);
    this.draw();
  }

  private get columns(): Column[] {
    return this.model.get("columns") as Column[];
  }

  private get rows(): Cell[][] {
    return this.model.get("rows") as Cell[][];
  }

  private get selected(): Set<number> {
    return new Set(this.model.get("selected") as number[]);
  }

  readonly draw = (): void => {
    this.order = this.rows.map((_, at) => at);
    const { sorted } = this;
    if (sorted && this.columns[sorted.at]) {
      const isNumber = this.columns[sorted.at]!.is_number;
      const sign = sorted.isUp ? 1 : -1;
      this.order.sort((a, b) => sign * compare(this.rows[a]![sorted.at]!, this.rows[b]![sorted.at]!, isNumber) || a - b);
    }
    this.caption.textContent = this.model.get("caption") as string;
    const head = document.createElement("thead");
    head.append(this.heading());
    const body = document.createElement("tbody");
    body.append(...this.order.map((at) => this.row(at)));
    this.table.replaceChildren(this.caption, head, body);
    this.mark();
  };

  private heading(): HTMLElement {
    const line = document.createElement("tr");
    this.columns.forEach((column, at) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = column.title;
      button.addEventListener("click", () => {
        this.sorted = { at, isUp: this.sorted?.at === at ? !this.sorted.isUp : true };
        this.draw();
      });
      if (this.sorted?.at === at) cell.setAttribute("aria-sort", this.sorted.isUp ? "ascending" : "descending");
      if (column.is_number) cell.className = "number";
      cell.append(button);
      line.append(cell);
    });
    return line;
  }

  private row(at: number): HTMLElement {
    const line = document.createElement("tr");
    line.tabIndex = 0;
    line.dataset.at = String(at);
    this.rows[at]!.forEach((text, column) => {
      const cell = document.createElement("td");
      cell.textContent = text ?? "";
      if (this.columns[column]!.is_number) cell.className = "number";
      line.append(cell);
    });
    line.addEventListener("click", (event) => this.choose(at, event.ctrlKey || event.metaKey, event.shiftKey));
    line.addEventListener("keydown", (event) => this.key(event, at, line));
    return line;
  }

  private key(event: KeyboardEvent, at: number, line: HTMLElement): void {
    const step = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
    if (step instanceof HTMLElement) step.focus();
    else if (event.key === " " || event.key === "Enter") this.choose(at, true, event.shiftKey);
    else return;
    event.preventDefault();
  }

  private choose(at: number, isMore: boolean, isRange: boolean): void {
    let chosen = this.selected;
    if (isRange && this.last >= 0) {
      const ends = [this.order.indexOf(this.last), this.order.indexOf(at)].sort((a, b) => a - b);
      chosen = new Set([...(isMore ? chosen : []), ...this.order.slice(ends[0], ends[1]! + 1)]);
    } else if (isMore) {
      if (!chosen.delete(at)) chosen.add(at);
    } else {
      chosen = chosen.has(at) && chosen.size === 1 ? new Set() : new Set([at]);
    }
    this.last = at;
    this.model.set("selected", [...chosen].sort((a, b) => a - b));
    this.model.save_changes();
    this.mark();
  }

  readonly mark = (): void => {
    const chosen = this.selected;
    for (const line of this.table.tBodies[0]?.rows ?? []) {
      line.setAttribute("aria-selected", String(chosen.has(Number(line.dataset.at))));
    }
  };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const table = new RowsTable(model, el);
  const drawn = ["change:rows", "change:columns", "change:caption"];
  for (const event of drawn) model.on(event, table.draw);
  model.on("change:selected", table.mark);
  return () => {
    for (const event of drawn) model.off(event, table.draw);
    model.off("change:selected", table.mark);
  };
}

export default { render };
