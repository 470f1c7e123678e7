/** What a pull and a run say of themselves on the last line of their answer. */

export interface TablePulled {
  name: string;
  file: string;
  rows: number;
  new: number;
  changed: number;
  gone: number;
  equal: number;
  bad: number;
  same_file: boolean;
}

export interface PullReport {
  source: string;
  /** Nothing if nothing was different. */
  delivery: number | null;
  rows: number;
  new: number;
  changed: number;
  gone: number;
  equal: number;
  bad: number;
  tables: TablePulled[];
  /** Tables of the mapping that were not there. */
  absent: string[];
  notes: string[];
  seconds: number;
}

export interface Example {
  table: string;
  row: number;
  message: string;
  text: string | null;
}

export type Effect = 'rejected' | 'left-out' | 'remark';

export interface ReasonCount {
  reason: string;
  element: string | null;
  effect: Effect;
  count: number;
  examples: Example[];
}

/** `rows = resources + merged + filtered + rejected`, always. */
export interface TargetReport {
  name: string;
  type: string;
  table: string;
  rows: number;
  resources: number;
  merged: number;
  filtered: number;
  rejected: number;
  table_rows: number;
  child_rows: number;
  child_rejected: number;
  reasons: ReasonCount[];
  remarks: ReasonCount[];
}

export interface Unmapped {
  kind: 'code' | 'unit';
  map: string;
  value: string;
  display: string | null;
  count: number;
}

export interface RunReport {
  source: string;
  mapping: string;
  version: string;
  hash: string;
  written: boolean;
  targets: TargetReport[];
  not_delivered: string[];
  notes: string[];
  new: number;
  changed: number;
  equal: number;
  gone: number;
  refused: number;
  unmapped: Unmapped[];
  csv: string;
  /** The newest delivery that it saw. */
  delivery?: number;
  /** The first arrival of what was written: by it the run is taken back. */
  arrival: number | null;
  seconds: number;
}
