import { describe, expect, it } from 'vitest';
import type { Chart, LabResult } from '../api/types';
import { columnOf, gridOf, latest, latestVitals, partsOf, rangeText } from './labs';
import { tallMan } from './tallMan';

const SHANGHAI = 'Asia/Shanghai';

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
    const names = (part: 'labs' | 'vitals' | 'other') => gridOf(all, false, part, SHANGHAI).groups.map((g) => [g.category, g.rows.map((r) => r.test.code.text)]);
    expect(names('labs')).toEqual([['laboratory', ['Calcium', 'Sodium']]]);
    expect(names('vitals')).toEqual([['vital-signs', ['Heart rate']]]);
    expect(names('other')).toEqual([['other', ['Odd']]]);
    expect([...partsOf(all, false)]).toEqual(['labs', 'vitals', 'other']);
    expect(gridOf(all, false, 'labs', SHANGHAI).times).toEqual(['2026-01-02', '2026-01-01T08:00:00+08:00']);
    expect(gridOf(all, false, 'other', SHANGHAI).times, 'a result without a time has a place too').toEqual(['']);
  });

  it('has one column a minute, and puts a day where it is on the page clock', () => {
    const all = chart([
      result(0, '2026-01-01T20:00:07-05:00', '140'),
      result(1, '2026-01-01T20:00:40-05:00', '2.2'),
      result(1, '2026-01-02', '2.3'),
      result(1, 'in spring', '2.4'),
    ]);
    // 20:00 in New York is the next day in UTC, where the day by itself would begin before it.
    expect(gridOf(all, false, 'labs', 'America/New_York').times).toEqual(['2026-01-02', '2026-01-01T20:00:07-05:00', '']);
    expect(columnOf('2026-01-01T20:00:07-05:00')).toBe(columnOf('2026-01-02T01:00:59Z'));
    expect(columnOf('2026-01-01T00:00:00Z'), 'a day is not its midnight').not.toBe(columnOf('2026-01-01'));
  });

  it('writes a blood pressure that was measured as one as one', () => {
    const all = chart([
      result(4, '2026-01-03', '118', { ref: 'Observation/bp', field: 'component[0].valueQuantity' }),
      result(5, '2026-01-03', '72', { ref: 'Observation/bp', field: 'component[1].valueQuantity', flag: 'L' }),
      result(2, '2026-01-03', '60'),
    ]);
    all.tests.push({ key: 'e', code: { text: 'Systolic', code: '8480-6' }, category: 'vital-signs' }, { key: 'f', code: { text: 'Diastolic', code: '8462-4' }, category: 'vital-signs' });
    expect(latestVitals(all, false, SHANGHAI).map(({ result: { value }, flag, isPressure }) => [value, flag?.code, isPressure])).toEqual([
      ['118/72', 'L', true],
      ['60', undefined, false],
    ]);
    const worst = (upper: Partial<LabResult>, lower: Partial<LabResult>) => {
      const both = chart([result(4, '2026-01-03', '190', { ref: 'Observation/bp', ...upper }), result(5, '2026-01-03', '125', { ref: 'Observation/bp', ...lower })]);
      both.tests = all.tests;
      return latestVitals(both, false, SHANGHAI)[0]?.flag;
    };
    expect(worst({ flag: 'N' }, { flag: 'HH' }), 'a normal part hides no critical one').toMatchObject({ code: 'HH', level: 'critical' });
    expect(worst({ range: { high: '140' } }, {}), 'a stated range speaks for each part').toMatchObject({ code: 'H', computed: true });
    const apart = chart([...all.results.filter((r) => r.test !== 5), result(5, '2026-01-04', '80', { ref: 'Observation/other' })]);
    apart.tests = all.tests;
    expect(latestVitals(apart, false, SHANGHAI).map(({ result: { value } }) => value)).toEqual(['118', '80', '60']);
  });

  it('draws only numbers that count, in one unit, and hides errors until they are asked for', () => {
    const results = [
      result(0, '2026-01-01', '140', { unit: 'mmol/L' }),
      result(0, '2026-01-02', '3200', { unit: 'mg/L' }),
      result(0, '2026-01-03', '999', { unit: 'mmol/L', status: 'entered-in-error' }),
      result(0, '2026-01-04', 'hemolysed', { numeric: false }),
      result(0, '2026-01-05', '141', { unit: 'mmol/L', range: { low: '135', high: '145' } }),
    ];
    const row = gridOf(chart(results), false, 'labs', SHANGHAI).groups[0]?.rows[0];
    expect(row?.course.map((p) => p.value)).toEqual([140, 141]);
    expect(row?.results).toHaveLength(4);
    expect(row?.range).toEqual({ low: '135', high: '145' });
    const all = gridOf(chart(results), true, 'labs', SHANGHAI).groups[0]?.rows[0];
    expect(all?.results).toHaveLength(5);
    expect(all?.course.map((p) => p.value)).toEqual([140, 141]);
  });
});

it('takes the newest of each laboratory test', () => {
  const newest = latest(chart([result(0, '2026-01-02', '141'), result(0, '2026-01-01', '140'), result(1, '2026-02-01', '2.2'), result(2, '2026-03-01', '60')]), false, SHANGHAI);
  expect(newest.map((n) => n.result.value)).toEqual(['2.2', '141']);
});

it('writes ranges and look-alike names as people read them', () => {
  expect([{ low: '3.5', high: '5.10' }, { high: '5' }, { low: '3' }, { text: 'negative' }, undefined].map(rangeText)).toEqual(['3.5–5.10', '≤ 5', '≥ 3', 'negative', '']);
  expect(tallMan('Prednisone 5 MG Oral Tablet')).toBe('predniSONE 5 MG Oral Tablet');
});
