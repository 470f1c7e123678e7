import type { Doubt, RunReport as Kept } from '../api/types';

/** What a pull says of itself on the last line of its answer. */
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
  /** Tables of the mapping that were not there. */
  absent: string[];
  /** In English. */
  notes: string[];
  /** The same as codes with what they name. */
  notes_said?: Doubt[];
  seconds: number;
}

/** What a run says of itself; as a file too, unless it is one from before. */
export type RunReport = Kept & { csv?: string };
/** `rows = resources + merged + filtered + rejected`, always. */
export type TargetReport = Kept['targets'][number] & {
  /** Why all its rows were mapped, as a code. */
  why_whole_code?: string | null;
};
export type ReasonCount = TargetReport['reasons'][number];
export type Example = ReasonCount['examples'][number];
export type Unmapped = Kept['unmapped'][number];
