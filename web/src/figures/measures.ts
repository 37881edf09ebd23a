// What a figure counts, in words: the names of measures come with the spec (flowsleuth.viz.measures).
import { bytes, count } from "../format";
import type { Values } from "./specs";

export const wordOf = (measure: string) => measure.replaceAll("_", " ");
export const isVolume = (measure: string) => measure === "bytes" || measure.endsWith("_bytes");

/** 1,234 or 3.1 MB; a dash for what was not told. */
export const told = (measure: string, value: number | null | undefined) => (isVolume(measure) ? bytes(value) : count(value));

/** Pairs of a tooltip. */
export const pairsOf = (measures: string[], values: Values): [string, string][] => measures.map((measure, i) => [wordOf(measure), told(measure, values[i])]);

export const sum = (values: (number | null | undefined)[]): number | null => {
  const said = values.filter((value): value is number => value !== null && value !== undefined);
  return said.length ? said.reduce((all, value) => all + value, 0) : null;
};

/** The values of several things together. */
export const sums = (measures: string[], all: Values[]): Values => measures.map((_, i) => sum(all.map((values) => values[i])));
