import { describe, expect, it } from 'vitest';
import type { Chart, LabResult } from '../api/types';
import { gridOf, latest, rangeText } from './labs';
import { tallMan } from './tallMan';
import { displayUnit } from './unit';

const result = (test: number, at: string | undefined, value: string, more: Partial<LabResult> = {}): LabResult => ({
  ref: `Observation/${test}-${value}`,
  test,
  value,
  numeric: true,
  field: 'valueQuantity',
  ...(at !== undefined && { at }),
  ...more,
});

const chart = (results: LabResult[]): Chart => ({
  patient: { id: '1', name: { text: '' }, identifiers: [], merged_from: [] },
  problems: [],
  allergies: [],
  medications: [],
  encounters: [],
  tests: [
    { key: 'a', code: { text: 'Sodium' }, category: 'laboratory' },
    { key: 'b', code: { text: 'Calcium' }, category: 'laboratory' },
    { key: 'c', code: { text: 'Heart rate' }, category: 'vital-signs' },
    { key: 'd', code: { text: 'Odd' }, category: 'something-local' },
  ],
  results,
  truncated: [],
  withheld: [],
  as_of: '',
  seq: 0,
});

describe('gridOf', () => {
  it('puts laboratory first, tests by name, times newest first, and the same instant in one column', () => {
    const grid = gridOf(
      chart([
        result(0, '2026-01-01T08:00:00+08:00', '140'),
        result(1, '2026-01-01T00:00:00Z', '2.2'),
        result(0, '2026-01-02', '141'),
        result(2, '2026-01-03', '60'),
        result(3, undefined, '1'),
      ]),
      false,
    );
    expect(grid.groups.map((g) => [g.category, g.rows.map((r) => r.test.code.text)])).toEqual([
      ['laboratory', ['Calcium', 'Sodium']],
      ['vital-signs', ['Heart rate']],
      ['other', ['Odd']],
    ]);
    expect(grid.times).toEqual(['2026-01-03', '2026-01-02', '2026-01-01T08:00:00+08:00']);
    expect(grid.timeless.map((r) => r.value)).toEqual(['1']);
  });

  it('draws only numbers that count, in one unit, and hides errors until they are asked for', () => {
    const results = [
      result(0, '2026-01-01', '140', { unit: 'mmol/L' }),
      result(0, '2026-01-02', '3200', { unit: 'mg/L' }),
      result(0, '2026-01-03', '999', { unit: 'mmol/L', status: 'entered-in-error' }),
      result(0, '2026-01-04', 'hemolysed', { numeric: false }),
      result(0, '2026-01-05', '141', { unit: 'mmol/L', range: { low: '135', high: '145' } }),
    ];
    const row = gridOf(chart(results), false).groups[0]?.rows[0];
    expect(row?.course.map((p) => p.value)).toEqual([140, 141]);
    expect(row?.results).toHaveLength(4);
    expect(row?.range).toEqual({ low: '135', high: '145' });
    const all = gridOf(chart(results), true).groups[0]?.rows[0];
    expect(all?.results).toHaveLength(5);
    expect(all?.course.map((p) => p.value)).toEqual([140, 141]);
  });
});

it('takes the newest of each laboratory test', () => {
  const newest = latest(chart([result(0, '2026-01-02', '141'), result(0, '2026-01-01', '140'), result(1, '2026-02-01', '2.2'), result(2, '2026-03-01', '60')]), false);
  expect(newest.map((n) => n.result.value)).toEqual(['2.2', '141']);
});

it('writes ranges, units and look-alike names as people read them', () => {
  expect([{ low: '3.5', high: '5.10' }, { high: '5' }, { low: '3' }, { text: 'negative' }, undefined].map(rangeText)).toEqual(['3.5–5.10', '≤ 5', '≥ 3', 'negative', '']);
  expect(['mm[Hg]', 'ug/L', 'umol/L', '10*9/L', '{score}', 'mg/dL', '10*5/{cells}'].map(displayUnit)).toEqual(['mmHg', 'microgram/L', 'µmol/L', '10⁹/L', '', 'mg/dL', '10⁵/']);
  expect(tallMan('Prednisone 5 MG Oral Tablet')).toBe('predniSONE 5 MG Oral Tablet');
});
