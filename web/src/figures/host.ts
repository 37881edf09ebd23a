// What every figure has in common: canvas, table alternative, tools, theme, size, events.
import { echarts, type Chart, type Option } from "./echarts";
import { iconButton, make } from "./dom";
import css from "./figures.css";
import { FONT, paletteOf, type Palette } from "./theme";
import type { Spec, TableView } from "./specs";

/** The part of anywidget's model that a figure uses; the application gives the same. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes?(): void;
  on?(event: string, listener: () => void): void;
  off?(event: string, listener: () => void): void;
}

export interface Drawing {
  option: Option;
  label: string;
  height: number;
  /** Pixels; as wide as its place when not told. */
  maxWidth?: number;
  table: TableView;
  /** Wires events after the chart is there; returns what undoes it. */
  attach?(chart: Chart, figure: Figure): (() => void) | void;
}

export type Draw<S extends Spec> = (spec: S, palette: Palette, size: { width: number; height: number }) => Drawing;

const sheets = new WeakMap<Document | ShadowRoot, boolean>();
const MAX_TABLE_ROWS = 500;

function style(el: Element): void {
  const root = el.getRootNode();
  if (!(root instanceof Document || root instanceof ShadowRoot) || sheets.has(root)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  sheets.set(root, true);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Figure {
  readonly box: HTMLElement;
  private readonly stage: HTMLElement;
  private readonly alternative: HTMLElement;
  private readonly tools: HTMLElement;
  private readonly caption: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly absent: HTMLElement;
  private readonly switcher: HTMLButtonElement;
  private chart: Chart | null = null;
  private detach: (() => void) | void = undefined;
  private showsTable = false;
  private palette: Palette;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly model: Model,
    private readonly el: HTMLElement,
    private readonly drawOf: (spec: Spec) => Draw<Spec>,
  ) {
    this.palette = paletteOf(el, model.get("theme"));
    this.stage = make("div", { class: "fs-stage", role: "img", tabindex: "0" });
    // the browser scrolls the table: JupyterLab, which leaves keys alone that a figure has handled, would choose another cell
    this.alternative = make("div", { class: "fs-table", hidden: true, tabindex: "0", role: "region", "data-lm-suppress-shortcuts": "true" });
    this.tools = make("div", { class: "fs-tools" });
    this.caption = make("figcaption", { class: "fs-caption" });
    this.heading = make("div", { class: "fs-heading", hidden: true });
    this.switcher = iconButton("Show as a table", "Table", () => this.switchTable());
    this.switcher.setAttribute("aria-pressed", "false");
    this.absent = make("p", { class: "fs-absent", hidden: true });
    this.box = make("figure", { class: "fs-figure" }, this.tools, this.heading, this.stage, this.alternative, this.absent, this.caption);
    el.append(this.box);
    style(el);
    this.watch();
    this.draw();
  }

  /** Tells the host what was picked, hovered or zoomed to. */
  emit(name: string, value: unknown): void {
    this.model.set(name, value);
    this.model.save_changes?.();
  }

  addTool(label: string, text: string, onClick: () => void): HTMLButtonElement {
    const button = iconButton(label, text, onClick);
    this.tools.insertBefore(button, this.switcher);
    return button;
  }

  redraw(): void {
    this.draw();
  }

  get(name: string): unknown {
    return this.model.get(name);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.detach?.();
    this.chart?.dispose();
    this.box.remove();
  }

  private watch(): void {
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.stage);
    const themes = new MutationObserver(() => this.retheme());
    for (const target of [document.documentElement, document.body]) {
      themes.observe(target, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
    }
    const system = matchMedia("(prefers-color-scheme: dark)");
    const onTheme = () => this.retheme();
    const onSpec = () => this.draw();
    const onHighlight = () => this.highlight();
    system.addEventListener("change", onTheme);
    this.model.on?.("change:spec", onSpec);
    this.model.on?.("change:theme", onTheme);
    this.model.on?.("change:highlight", onHighlight);
    this.stops.push(
      () => sizes.disconnect(),
      () => themes.disconnect(),
      () => system.removeEventListener("change", onTheme),
      () => this.model.off?.("change:spec", onSpec),
      () => this.model.off?.("change:theme", onTheme),
      () => this.model.off?.("change:highlight", onHighlight),
    );
  }

  private get hasRoom(): boolean {
    return this.stage.clientWidth > 0 && this.stage.clientHeight > 0;
  }

  /** A figure without room (its page is hidden) waits until it has some. */
  private resize(): void {
    if (!this.hasRoom) return;
    const { chart, stage } = this;
    if (!chart) this.draw();
    else if (chart.getWidth() !== stage.clientWidth || chart.getHeight() !== stage.clientHeight) chart.resize();
  }

  private retheme(): void {
    const palette = paletteOf(this.el, this.model.get("theme"));
    if (palette !== this.palette) {
      this.palette = palette;
      this.draw();
    }
  }

  private highlight(): void {
    const names = this.model.get("highlight");
    this.chart?.dispatchAction({ type: "downplay", seriesIndex: 0 });
    if (Array.isArray(names) && names.length) this.chart?.dispatchAction({ type: "highlight", seriesIndex: 0, name: names });
  }

  private draw(): void {
    this.detach?.();
    this.chart?.dispose();
    this.chart = null;
    const spec = this.model.get("spec") as Spec | null;
    this.box.dataset.palette = this.palette.name;
    this.tools.replaceChildren(this.switcher);
    this.absent.hidden = !spec?.absent;
    this.absent.textContent = spec?.absent ?? "";
    this.stage.hidden = Boolean(spec?.absent) || this.showsTable;
    this.tools.hidden = Boolean(spec?.absent);
    if (!spec || spec.absent) return;
    this.box.dataset.kind = spec.kind;
    const fills = this.model.get("fill") === true;
    const width = this.stage.clientWidth || this.el.clientWidth || 640;
    const drawing = this.drawOf(spec)(spec, this.palette, { width, height: fills ? this.el.clientHeight : 0 });
    this.box.classList.toggle("fs-fill", fills);
    if (!fills) this.stage.style.height = `${drawing.height}px`;
    this.stage.style.maxWidth = drawing.maxWidth ? `${drawing.maxWidth}px` : "";
    this.stage.setAttribute("aria-label", drawing.label);
    this.alternative.setAttribute("aria-label", `${drawing.label}, as a table`);
    const headed = this.model.get("heading") === true && Boolean(spec.title);
    this.heading.textContent = headed ? (spec.title ?? "") : "";
    this.heading.hidden = !headed;
    this.caption.textContent = [headed ? "" : spec.title, spec.note].filter(Boolean).join(" · ");
    this.caption.hidden = !this.caption.textContent || this.model.get("caption") === false;
    this.fillTable(drawing.table);
    if (!this.hasRoom) return;
    this.chart = echarts.init(this.stage, null, { renderer: "canvas" });
    this.chart.setOption({
      animation: !calm(),
      animationDuration: 350,
      backgroundColor: "transparent",
      textStyle: { fontFamily: FONT, color: this.palette.text, fontSize: 12 },
      ...drawing.option,
      tooltip: {
        confine: true,
        backgroundColor: this.palette.raised,
        borderColor: this.palette.line,
        textStyle: { color: this.palette.text, fontSize: 12 },
        transitionDuration: 0,
        ...(drawing.option.tooltip as object),
      },
    });
    this.detach = drawing.attach?.(this.chart, this);
  }

  private switchTable(): void {
    this.showsTable = !this.showsTable;
    this.stage.hidden = this.showsTable;
    this.alternative.hidden = !this.showsTable;
    this.switcher.setAttribute("aria-pressed", String(this.showsTable));
    this.switcher.textContent = this.showsTable ? "Figure" : "Table";
    if (!this.showsTable) this.resize();
  }

  private fillTable(table: TableView): void {
    const shown = table.rows.slice(0, MAX_TABLE_ROWS);
    const head = make("thead", {}, make("tr", {}, ...table.columns.map((name) => make("th", { scope: "col" }, name))));
    const body = make("tbody", {}, ...shown.map((row) => make("tr", {}, ...row.map((value) => make("td", {}, value ?? "–")))));
    const rest = table.rows.length - shown.length;
    this.alternative.replaceChildren(make("table", {}, head, body), rest > 0 ? make("p", {}, `and ${rest} more rows`) : "");
  }
}
