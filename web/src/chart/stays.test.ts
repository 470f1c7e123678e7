import { expect, it } from 'vitest';
import { nightsOf, yearOf } from './stays';

const SHANGHAI = 'Asia/Shanghai';

it.each([
  ['2026-11-20T08:00:00+08:00', '2026-11-20T20:00:00+08:00', 0],
  ['2026-11-20T23:00:00+08:00', '2026-11-21T01:00:00+08:00', 1],
  // On the page's calendar it is the same day.
  ['2026-11-20T16:30:00Z', '2026-11-21T15:00:00Z', 0],
  ['2026-11-20', '2026-12-02', 12],
  ['2026-11', '2026-12-02', 0],
  ['2026-11-20T08:00:00+08:00', undefined, 0],
  ['2026-11-20', '2026-11-01', 0],
])('from %s to %s are %i nights', (start, end, count) => {
  expect(nightsOf({ start, ...(end !== undefined && { end }) }, SHANGHAI)).toBe(count);
});

it('an encounter stands in the year of the page’s calendar', () => {
  expect(yearOf({ start: '2025-12-31T20:00:00Z' }, SHANGHAI)).toBe('2026');
  expect(yearOf({ start: '2025' }, SHANGHAI)).toBe('2025');
  expect(yearOf({}, SHANGHAI)).toBe('');
});
