import { describe, expect, it } from 'vitest';
import type { Chart, LabResult } from '../../api/types';
import { gridOf } from '../labs';
import { fromAddress, toAddress } from './address';
import { segments, usualInterval } from './segments';
import { nearest, stripsOf } from './strips';
import { clamp, firstSpan, isAll, pan, wholeOf, windowOf, zoom } from './window';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (...hours: number[]) => hours.map((hour) => ({ at_ms: hour * HOUR }));
const hours = (parts: { at_ms: number }[][]) => parts.map((part) => part.map(({ at_ms }) => at_ms / HOUR));

describe('a line', () => {
  it('joins up to twice the usual interval and never over more', () => {
    expect(hours(segments(at(0, 1, 2, 4, 5, 7.1, 8)))).toEqual([[0, 1, 2, 4, 5], [7.1, 8]]);
  });

  it('takes the usual interval from what is usual, not from the gaps', () => {
    expect(usualInterval(at(0, 1, 2, 3, 100, 101))).toBe(HOUR);
    expect(hours(segments(at(0, 1, 2, 3, 100, 101)))).toEqual([[0, 1, 2, 3], [100, 101]]);
  });

  it('joins nothing where nothing is usual yet', () => {
    expect(hours(segments(at(0, 1)))).toEqual([[0], [1]]);
    expect(segments([])).toEqual([]);
  });

  it('counts two values of one moment as one', () => {
    expect(usualInterval(at(0, 0, 1, 1, 3))).toBe(HOUR);
  });
});

const TESTS = [
  { key: 'hr', code: { text: 'Heart rate', code: '8867-4' }, category: 'vital-signs' },
  { key: 'sys', code: { text: 'Systolic', code: '8480-6' }, category: 'vital-signs' },
  { key: 'dia', code: { text: 'Diastolic', code: '8462-4' }, category: 'vital-signs' },
  { key: 'gcs', code: { text: 'Coma scale' }, category: 'vital-signs' },
];
const result = (test: number, hour: number | undefined, value: string, more: Partial<LabResult> = {}): LabResult => ({
  ref: `Observation/${test}-${hour}`, test, value, numeric: true, field: `component[${test}]`, unit: test === 0 ? '/min' : 'mm[Hg]', ...(hour !== undefined && { at: new Date(hour * HOUR).toISOString() }), ...more,
});
const strips = (results: LabResult[], errors = false) => {
  const chart: Chart = { patient: { id: '1', name: { text: '' }, identifiers: [], merged_from: [] }, problems: [], allergies: [], medications: [], encounters: [], tests: TESTS, results, truncated: [], withheld: [], as_of: '', seq: 0 };
  return stripsOf(gridOf(chart, errors, 'vitals', 'UTC').groups.flatMap((group) => group.rows), 'UTC');
};

describe('strips', () => {
  it('have the parts of a blood pressure together, of one observation or of one moment', () => {
    const [only] = strips([result(1, 1, '120', { ref: 'Observation/a' }), result(2, 1, '80', { ref: 'Observation/a' }), result(1, 2, '130'), result(2, 2, '85'), result(2, 3, '70')]);
    expect(only?.isPressure).toBe(true);
    expect(only?.stops.map(({ points }) => points.map(({ value }) => value))).toEqual([[120, 80], [130, 85], [70]]);
  });

  it('draw what was entered in error apart, and only when it is asked for', () => {
    const results = [result(0, 1, '70'), result(0, 2, '300', { status: 'entered-in-error' })];
    expect(strips(results)[0]?.stops.map(({ wrong }) => wrong)).toEqual([false]);
    const [heart] = strips(results, true);
    expect(heart?.stops.map(({ wrong }) => wrong)).toEqual([false, true]);
    expect(heart?.series[0]?.points.map(({ value }) => value), 'no line goes there').toEqual([70]);
  });

  it('count what they cannot draw, and leave out what has nothing to draw', () => {
    const all = strips([result(0, 2, '70'), result(0, 1, '1.2', { unit: 'Hz' }), result(0, undefined, '80'), result(3, 1, 'alert', { numeric: false })]);
    expect(all.map(({ key, apart }) => [key, apart])).toEqual([['hr', 2]]);
  });

  it('find the stop next to a moment', () => {
    const stops = strips([result(0, 1, '70'), result(0, 5, '80')])[0]?.stops ?? [];
    expect(nearest(stops, 4 * HOUR)).toBe(1);
    expect(nearest(stops, 3 * HOUR, HOUR)).toBeUndefined();
  });
});

describe('a window of time', () => {
  const all = { from_ms: 0, to_ms: 100 * DAY, newest_ms: 99 * DAY };

  it('ends a little after the newest value', () => {
    const { from_ms, to_ms } = windowOf('24h', all);
    expect(to_ms).toBeGreaterThan(all.newest_ms);
    expect(to_ms - from_ms).toBe(DAY);
    expect(windowOf('all', all)).toEqual(all);
  });

  it('begins with the shortest stretch that has some moments', () => {
    const days = (...each: number[]) => each.map((day) => day * DAY);
    expect(firstSpan(['24h', '7d'], days(98.2, 98.5, 99), all)).toBe('24h');
    expect(firstSpan(['24h', '7d'], days(93, 95, 99), all)).toBe('7d');
    expect(firstSpan(['24h', '7d'], days(1, 50, 99), all)).toBe('all');
    expect(firstSpan(['24h'], days(99, 99, 99), all), 'values of one moment are one').toBe('all');
  });

  it('is zoomed around a moment, which keeps its place, and within what there is', () => {
    const near = zoom({ from_ms: 40 * DAY, to_ms: 60 * DAY }, 0.5, 45 * DAY, all);
    expect(near).toEqual({ from_ms: 42.5 * DAY, to_ms: 52.5 * DAY });
    expect(isAll(zoom(near, 1000, 45 * DAY, all), all)).toBe(true);
    const least = zoom(near, 1e-9, 45 * DAY, all);
    expect(least.to_ms - least.from_ms).toBe(10 * 60_000);
  });

  it('is moved, and stops at the ends', () => {
    expect(pan({ from_ms: 40 * DAY, to_ms: 60 * DAY }, -0.5, all)).toEqual({ from_ms: 30 * DAY, to_ms: 50 * DAY });
    expect(pan({ from_ms: 5 * DAY, to_ms: 25 * DAY }, -0.5, all)).toEqual({ from_ms: 0, to_ms: 20 * DAY });
    expect(clamp({ from_ms: -5, to_ms: 200 * DAY }, all)).toMatchObject({ from_ms: 0, to_ms: 100 * DAY });
  });

  it('stands in an address to the minute', () => {
    expect(fromAddress(toAddress(1_764_000_000_000))).toBe(1_764_000_000_000 - (1_764_000_000_000 % 60_000));
    for (const wrong of ['2026', '2026-13-40T00:00Z', 'x', undefined]) expect(fromAddress(wrong)).toBeUndefined();
  });

  it('is nothing where there is nothing, and has room around one moment', () => {
    expect(wholeOf([])).toBeUndefined();
    expect(wholeOf([DAY])).toEqual({ from_ms: DAY - 600_000, to_ms: DAY + 600_000, newest_ms: DAY });
  });
});
