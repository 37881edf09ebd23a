// What the REST interface of flowsleuth answers.
import type { Count } from "../format";
import type { Spec } from "../figures/specs";

export type Severity = 1 | 2 | 3;
/** A 64-bit number: text where JavaScript would round it. */
export type Id = number | string;
export type Role = "viewer" | "analyst" | "admin";

export interface Session {
  analyst: string;
  role: Role;
  csrf: string;
  version: string;
  workspace: string;
  needs_login: boolean;
}

export interface Suspect {
  rank: number;
  score: number;
  surprise: number;
  adjusted: number | null;
  moved: number | null;
  moved_why: string | null;
  severity: Severity | null;
  rating_id: number | null;
  is_suppressed: boolean;
  suspect_id: Id;
  flow_id: Id;
  flows: number;
  first_seen: string;
  last_seen: string;
  src_ip: string;
  src_port: number | null;
  dst_ip: string;
  dst_port: number | null;
  proto: string | null;
  service: string | null;
  src_bytes: Count;
  dst_bytes: Count;
  src_packets: Count;
  dst_packets: Count;
  duration_s: number | null;
  conn_state: string | null;
  direction: string | null;
  action: string | null;
  server_name: string | null;
  src_ports: Count;
  dst_ips: Count;
  dst_ports: Count;
  group_src_bytes: Count;
  group_dst_bytes: Count;
  reason: string;
  [column: string]: unknown;
}

export interface QueuePage {
  rows: Suspect[];
  total: number;
  page: number;
  size: number;
  detector: string;
  dates: string[];
  counts: { unrated: number; rated: number; suppressed: number };
  is_taught: boolean;
}

export type FacetName = "src_ip" | "dst_ip" | "src_port" | "dst_port";
export type Facets = Record<FacetName, [value: string | number | null, suspects: number][]>;

export interface Criteria {
  src_ip?: string;
  dst_ip?: string;
  src_port?: string;
  dst_port?: string;
  ip?: string;
  suspects?: Id[];
  flows?: Id[];
  detector?: string;
  dates?: string[];
}
export interface Preview {
  suspects: number;
  flows: number;
  rated?: number;
  rows: Partial<Suspect>[];
}
export interface RatingMade {
  rating_id: number;
  suspects: number;
  flows: number;
}

export type Row = Record<string, unknown>;

export interface Explanation {
  flow: Row;
  scores: { detector: string; score: number; surprise: number; reason: string; evidence: Record<string, number | null>; group: Row | null }[];
  raw: string | null;
  raw_absent: string | null;
  around: Row[] | { rows: Row[] };
}

export interface Job<T = unknown> {
  job: string;
  state: "running" | "done" | "failed" | "cancelled";
  progress: number | null;
  message?: string | null;
  doing?: string;
  steps?: StepState[];
  result?: T | null;
  error?: { message: string; hint?: string } | null;
}

export interface DossierSection {
  id: string;
  title: string;
  kind: string;
  absent: string | null;
  note?: string;
  text?: string;
  figure?: string | null;
  table?: unknown;
}
export type Figures = Record<string, Spec | null>;

export interface StepState {
  title: string;
  status: "waiting" | "started" | "ok" | "skipped" | "failed";
  why: string;
  seconds: number;
  notes?: string[];
}
/** What a notebooklet says about itself. */
export interface Card {
  name: string;
  group: string;
  title: string;
  description: string;
  entity_types: string[];
  keywords: string[];
  takes_value: boolean;
  options: { name: string; description: string; is_default: boolean; is_online: boolean }[];
  parameters: Parameter[];
  steps: { title: string; option: string | null }[];
}
export interface Parameter {
  name: string;
  type: string;
  default: string | number | boolean | null;
  help: string;
  unit: string;
  minimum: number | null;
  maximum: number | null;
  is_online: boolean;
}
export interface RunSection {
  id: string;
  title: string;
  kind: "table" | "figure" | "entity" | "entities" | "value";
  description: string;
  absent: string | null;
  note: string;
  figure?: Spec | null;
  columns?: { name: string; type: string }[];
  rows?: unknown[][];
  total?: number;
  value?: unknown;
  text?: string;
}
export interface FollowUp {
  name: string;
  title: string;
  gives: string[];
  is_online: boolean;
  choice: { table: string } | null;
  offered: { item: string; is_chosen: boolean | null; reason: string | null }[];
}
export interface RunBrief {
  run: string;
  name: string;
  description: string;
  value: string | null;
  start: string | null;
  end: string | null;
  options: string[];
  parameters: Record<string, string | number | boolean | null>;
  made: string;
  is_complete: boolean;
}
export interface RunResult extends RunBrief {
  steps: StepState[];
  sections: RunSection[];
  follow_ups: FollowUp[];
}
