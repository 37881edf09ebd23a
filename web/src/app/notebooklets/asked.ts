// What is asked of a notebooklet, in the address bar and in a request: name, value, time, options, parameters.
import { address } from "../api";
import { hashOf } from "../route";
import type { Card, Parameter, RunBrief } from "../types";

export const PAGE = "notebooklets";
const SETTING = "set.";
const NONE = "none";

export interface Asked {
  value: string;
  start: string;
  end: string;
  /** Exactly these; null: the defaults. */
  options: string[] | null;
  settings: Record<string, string>;
}

export function readAsked(params: Record<string, string>): Asked {
  const options = params.options === undefined ? null : params.options === NONE ? [] : params.options.split(",").filter(Boolean);
  const settings = Object.fromEntries(Object.entries(params).flatMap(([key, value]) => (key.startsWith(SETTING) ? [[key.slice(SETTING.length), value]] : [])));
  return { value: params.value ?? "", start: params.start ?? "", end: params.end ?? "", options, settings };
}

export function paramsOf(asked: Asked): Record<string, string> {
  const options = asked.options === null ? "" : asked.options.length ? asked.options.join(",") : NONE;
  const settings = Object.fromEntries(Object.entries(asked.settings).map(([name, value]) => [SETTING + name, value]));
  return { value: asked.value, start: asked.start, end: asked.end, options, ...settings };
}

/** The address of a run that a colleague may open. */
export const linkOf = (name: string, asked: Asked): string => hashOf({ page: PAGE, rest: name, params: paramsOf(asked) });

export const summaryLink = (name: string, value: string, start = "", end = ""): string => linkOf(name, { value, start, end, options: null, settings: {} });

export const fileOf = (run: string, format: string): string => address(`runs/${run}/export`, { format });
export const tableFileOf = (run: string, table: string): string => address(`runs/${run}/tables/${table}`);

export const defaultsOf = (card: Card): string[] => card.options.filter((option) => option.is_default).map((option) => option.name);
export const chosenOf = (card: Card, asked: Asked): string[] => asked.options ?? defaultsOf(card);

/** Names in the order of their declaration; null when they are the defaults. */
export function optionsAsked(card: Card, chosen: string[]): string[] | null {
  const listed = card.options.map((option) => option.name).filter((name) => chosen.includes(name));
  return listed.join() === defaultsOf(card).join() ? null : listed;
}

/** Whether a run would ask others over the network. */
export function asksOthers(card: Card, asked: Asked): boolean {
  const chosen = chosenOf(card, asked);
  return card.options.some((option) => option.is_online && chosen.includes(option.name)) || card.parameters.some((one) => one.is_online && isOn(settingOf(one, asked)));
}

export const settingOf = (one: Parameter, asked: Asked): string => asked.settings[one.name] ?? String(one.default ?? "");
export const isOn = (text: string): boolean => !["", "false", "no", "0"].includes(text.toLowerCase());

/** The request that begins a run. */
export function inquiryOf(card: Card, asked: Asked): Record<string, unknown> {
  const known = new Set(card.parameters.map((one) => one.name));
  const parameters = Object.fromEntries(Object.entries(asked.settings).filter(([name]) => known.has(name)));
  const options = asked.options === null ? null : asked.options.length ? asked.options : defaultsOf(card).map((name) => `-${name}`);
  return { value: asked.value, start: asked.start || null, end: asked.end || null, options, parameters };
}

export function askedOf(card: Card | undefined, run: RunBrief): Asked {
  const changed = (card?.parameters ?? []).filter((one) => run.parameters[one.name] !== undefined && run.parameters[one.name] !== one.default);
  return {
    value: run.value ?? "",
    start: run.start ?? "",
    end: run.end ?? "",
    options: card ? optionsAsked(card, run.options) : run.options,
    settings: Object.fromEntries(changed.map((one) => [one.name, String(run.parameters[one.name])])),
  };
}

const TYPES: Record<string, string> = { ip_address: "address", host: "host", account: "account", url: "URL", domain: "domain", file: "file" };
export const takes = (card: Card): string => card.entity_types.map((type) => TYPES[type] ?? type).join(", ");
