import type { QualityOutcome as Outcome } from '../api/types';
import { CATEGORIES, type Category } from './categories';

export interface Tally {
  passed: number;
  failed: number;
  none: number;
}

/** How the checks of one table ended, by category. */
export interface TableTally {
  table: string;
  of: Record<Category, Tally>;
  failed: number;
}

const empty = (): Tally => ({ passed: 0, failed: 0, none: 0 });

/** One line for each table that any check is about; those with most failures first. */
export function tallies(outcomes: Outcome[]): TableTally[] {
  const tables = new Map<string, TableTally>();
  for (const { table, category, status } of outcomes) {
    const line: TableTally = tables.get(table) ?? { table, of: Object.fromEntries(CATEGORIES.map((name) => [name, empty()])) as Record<Category, Tally>, failed: 0 };
    tables.set(table, line);
    const known = CATEGORIES.find((name) => name === category);
    if (!known) continue;
    const tally = line.of[known];
    tally[status === 'not-applicable' ? 'none' : status] += 1;
    if (status === 'failed') line.failed += 1;
  }
  return [...tables.values()].toSorted((a, b) => b.failed - a.failed || a.table.localeCompare(b.table));
}

export interface Wanted {
  table?: string;
  category?: Category;
  kind?: string;
  all?: boolean;
}

const SEVERITY = { fatal: 0, convention: 1, characterization: 2 } as const;

/** The outcomes asked for, failed ones alone unless all are wanted; the gravest first, then the most violated. */
export function chosen(outcomes: Outcome[], { table, category, kind, all = false }: Wanted): Outcome[] {
  return outcomes
    .filter((one) => (all || one.status === 'failed') && (!table || one.table === table) && (!category || one.category === category) && (!kind || one.kind === kind))
    .toSorted((a, b) => Number(b.status === 'failed') - Number(a.status === 'failed') || SEVERITY[a.severity] - SEVERITY[b.severity] || b.percent - a.percent || a.check.localeCompare(b.check));
}

/** Whether a check got better or worse since the run before; nothing if it is as it was, or new. */
export function course(outcome: Outcome): 'better' | 'worse' | undefined {
  if (!outcome.before || outcome.before.rows === 0) return undefined;
  const before = outcome.before.violated / outcome.before.rows;
  const now = outcome.rows === 0 ? 0 : outcome.violated / outcome.rows;
  if (now === before) return undefined;
  return now < before ? 'better' : 'worse';
}
