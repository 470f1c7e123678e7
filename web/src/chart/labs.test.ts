import { describe, expect, it } from 'vitest';
import type { Chart, LabResult } from '../api/types';
import { gridOf, latest, latestVitals, partsOf, rangeText } from './labs';
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
  it('has times of its own for each part, newest first, the same instant in one column, tests by name', () => {
    const all = chart([
      result(0, '2026-01-01T08:00:00+08:00', '140'),
      result(1, '2026-01-01T00:00:00Z', '2.2'),
      result(0, '2026-01-02', '141'),
      result(2, '2026-01-03', '60'),
      result(3, undefined, '1'),
    ]);
    const names = (part: 'labs' | 'vitals' | 'other') => gridOf(all, false, part).groups.map((g) => [g.category, g.rows.map((r) => r.test.code.text)]);
    expect(names('labs')).toEqual([['laboratory', ['Calcium', 'Sodium']]]);
    expect(names('vitals')).toEqual([['vital-signs', ['Heart rate']]]);
    expect(names('other')).toEqual([['other', ['Odd']]]);
    expect([...partsOf(all, false)]).toEqual(['labs', 'vitals', 'other']);
    expect(gridOf(all, false, 'labs').times).toEqual(['2026-01-02', '2026-01-01T08:00:00+08:00']);
    expect(gridOf(all, false, 'other').timeless.map((r) => r.value)).toEqual(['1']);
  });

  it('writes a blood pressure that was measured as one as one', () => {
    const all = chart([
      result(4, '2026-01-03', '118', { ref: 'Observation/bp', field: 'component[0].valueQuantity' }),
      result(5, '2026-01-03', '72', { ref: 'Observation/bp', field: 'component[1].valueQuantity', flag: 'L' }),
      result(2, '2026-01-03', '60'),
    ]);
    all.tests.push({ key: 'e', code: { text: 'Systolic', code: '8480-6' }, category: 'vital-signs' }, { key: 'f', code: { text: 'Diastolic', code: '8462-4' }, category: 'vital-signs' });
    expect(latestVitals(all, false).map(({ result: { value, flag }, isPressure }) => [value, flag, isPressure])).toEqual([
      ['118/72', 'L', true],
      ['60', undefined, false],
    ]);
    const apart = chart([...all.results.filter((r) => r.test !== 5), result(5, '2026-01-04', '80', { ref: 'Observation/other' })]);
    apart.tests = all.tests;
    expect(latestVitals(apart, false).map(({ result: { value } }) => value)).toEqual(['118', '80', '60']);
  });

  it('draws only numbers that count, in one unit, and hides errors until they are asked for', () => {
    const results = [
      result(0, '2026-01-01', '140', { unit: 'mmol/L' }),
      result(0, '2026-01-02', '3200', { unit: 'mg/L' }),
      result(0, '2026-01-03', '999', { unit: 'mmol/L', status: 'entered-in-error' }),
      result(0, '2026-01-04', 'hemolysed', { numeric: false }),
      result(0, '2026-01-05', '141', { unit: 'mmol/L', range: { low: '135', high: '145' } }),
    ];
    const row = gridOf(chart(results), false, 'labs').groups[0]?.rows[0];
    expect(row?.course.map((p) => p.value)).toEqual([140, 141]);
    expect(row?.results).toHaveLength(4);
    expect(row?.range).toEqual({ low: '135', high: '145' });
    const all = gridOf(chart(results), true, 'labs').groups[0]?.rows[0];
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
