// Figures of flowsleuth as one ES module: `render({ model, el })`, as anywidget, marimo and our own application call it.
//
// model.get("spec")       the figure, a plain object made by flowsleuth.viz
// model.get("theme")      "dark", "light" or nothing: then the page decides
// model.get("highlight")  names to stress
// model.get("heading")    true: the title stands above, and not below with the note
// and back to the model:  "picked" {name}, "filtered" {name}, "hovered" {name} or null, "range" [start_ms, end_ms] or null
import { bars } from "./bars";
import { chord } from "./chord";
import { events } from "./events";
import { heat, matrix } from "./grid";
import { histogram } from "./histogram";
import { Figure, type Draw, type Model } from "./host";
import { lanes } from "./lanes";
import { map } from "./map";
import { network } from "./network";
import { places } from "./places";
import { process_tree } from "./process_tree";
import { relations } from "./relations";
import { series } from "./series";
import type { Spec } from "./specs";
import { timeline } from "./timeline";
import { tree } from "./tree";

export type { Model } from "./host";
export type { Spec } from "./specs";

const KINDS = { timeline, chord, network, tree, bars, map, histogram, lanes, places, heat, matrix, process_tree, relations, events, series } as unknown as Record<string, Draw<Spec>>;

function drawOf(spec: Spec): Draw<Spec> {
  const draw = KINDS[spec.kind];
  if (!draw) throw new Error(`no figure of kind ${String(spec.kind)}; there are ${Object.keys(KINDS).join(", ")}`);
  return draw;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const figure = new Figure(model, el, drawOf);
  return () => figure.dispose();
}

/** Draws one spec without a widget model; returns what takes it away again. */
export function draw(el: HTMLElement, spec: Spec, values: Record<string, unknown> = {}): () => void {
  const state: Record<string, unknown> = { ...values, spec };
  return render({ el, model: { get: (name) => state[name], set: (name, value) => void (state[name] = value) } });
}

export default { render };
