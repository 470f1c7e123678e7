import { describe, expect, it } from 'vitest';
import { chosen, course, tallies } from './outcomes';
import type { QualityOutcome as Outcome } from '../api/types';

const one = (more: Partial<Outcome>): Outcome => ({
  check: 'isRequired.person.person_id', kind: 'isRequired', level: 'field', severity: 'convention', category: 'Conformance', subcategory: '', table: 'person', field: 'person_id', concept: null,
  sentence: '', values: { table: 'person', at: 'person.person_id', against: '', concept: '' }, violated: 0, rows: 10, percent: 0, threshold: 0, own_threshold: false, status: 'passed', reason: null, because: null, before: null, ...more,
});

const ALL = [
  one({}),
  one({ check: 'b', table: 'visit', status: 'failed', percent: 3 }),
  one({ check: 'a', table: 'visit', status: 'failed', percent: 9, category: 'Plausibility' }),
  one({ check: 'c', table: 'visit', status: 'failed', percent: 1, severity: 'fatal' }),
  one({ check: 'd', table: 'death', status: 'not-applicable' }),
];

describe('outcomes of checks', () => {
  it('are counted by table and category, the worst table first', () => {
    const lines = tallies(ALL);
    expect(lines.map((line) => line.table)).toEqual(['visit', 'death', 'person']);
    expect(lines[0]?.of).toEqual({ Conformance: { passed: 0, failed: 2, none: 0 }, Completeness: { passed: 0, failed: 0, none: 0 }, Plausibility: { passed: 0, failed: 1, none: 0 } });
    expect(lines[1]?.of.Conformance.none).toBe(1);
  });

  it('are listed with the gravest first, failed ones alone unless all are wanted', () => {
    expect(chosen(ALL, {}).map((outcome) => outcome.check)).toEqual(['c', 'a', 'b']);
    expect(chosen(ALL, { category: 'Plausibility' }).map((outcome) => outcome.check)).toEqual(['a']);
    expect(chosen(ALL, { all: true, table: 'person' })).toHaveLength(1);
  });

  it('get better or worse by share, not by count', () => {
    const before = { run: 1, violated: 5, rows: 10, status: 'failed' } as const;
    expect(course(one({ violated: 10, rows: 100, before }))).toBe('better');
    expect(course(one({ violated: 6, rows: 10, before }))).toBe('worse');
    expect(course(one({ violated: 50, rows: 100, before }))).toBeUndefined();
    expect(course(one({}))).toBeUndefined();
  });
});
