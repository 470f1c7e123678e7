import { expect, it } from 'vitest';
import { clockSkew_s, bytesIn, durationOf } from './figures';

it('says sizes in the unit that leaves one to three digits', () => {
  const t = (_: string, values: Record<string, string | number> = {}) => String(values['n']);
  const said = [0, 999, 1_000, 999_999, 1_500_000, 2e9, 3e12, 4e15].map((bytes) => bytesIn(t, bytes));
  expect(said).toEqual(['0 B', '999 B', '1 kB', '999.999 kB', '1.5 MB', '2 GB', '3 TB', '4000 TB'].map((text) => text.replace(' ', '\u{A0}')));
});

it('says how long in one unit', () => {
  expect([0, 119, 120, 7_199, 7_200, 172_799, 172_800].map((s) => Object.values(durationOf(s)).join(' '))).toEqual(['seconds 0', 'seconds 119', 'minutes 2', 'minutes 119', 'hours 2', 'hours 47', 'days 2']);
});

it('says which clock is ahead', () => {
  expect(clockSkew_s('2026-11-27T12:00:30Z', Date.parse('2026-11-27T12:00:00Z'))).toBe(30);
  expect(clockSkew_s('2026-11-27T12:00:00Z', Date.parse('2026-11-27T12:00:30Z'))).toBe(-30);
});
