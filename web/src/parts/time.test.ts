import { describe, expect, it } from 'vitest';
import { ageAt, foreignOffset, formatMoment, isoInZone, knownZone, parseMoment, since } from './time';

const SHANGHAI = 'Asia/Shanghai';
const at = (text: string) => Date.parse(text);

describe('formatMoment', () => {
  it.each([
    ['1958', '1958', '1958'],
    ['1958-07', 'Jul-1958', '1958-07'],
    ['1958-07-14', '14-Jul-1958', '1958-07-14'],
    ['2026-11-24T06:05:00Z', '24-Nov-2026 14:05', '2026-11-24 14:05'],
    ['2026-11-24T23:30:00+08:00', '24-Nov-2026 23:30', '2026-11-24 23:30'],
    ['2026-11-24T20:30:00Z', '25-Nov-2026 04:30', '2026-11-25 04:30'],
    ['2026-11-24T14:05', '24-Nov-2026 14:05', '2026-11-24 14:05'],
    ['in spring', 'in spring', 'in spring'],
  ])('%s keeps its precision and shows the page zone', (text, english, chinese) => {
    expect(formatMoment('en', text, SHANGHAI)).toBe(english);
    expect(formatMoment('zh-Hans', text, SHANGHAI)).toBe(chinese);
  });

  it('follows daylight saving of the zone', () => {
    expect(formatMoment('en', '2026-07-01T12:00:00Z', 'Europe/Berlin')).toBe('01-Jul-2026 14:00');
    expect(formatMoment('en', '2026-12-01T12:00:00Z', 'Europe/Berlin')).toBe('01-Dec-2026 13:00');
  });

  it('refuses what is no date of FHIR', () => {
    expect(parseMoment('2026-11-24 14:05')).toBeUndefined();
    expect(parseMoment('24-11-2026')).toBeUndefined();
  });
});

it('names the offset of a value only where it differs from the page', () => {
  expect(foreignOffset('2026-11-24T14:05:00+08:00', SHANGHAI)).toBeUndefined();
  expect(foreignOffset('2026-11-24T14:05:00-05:00', SHANGHAI)).toBe('−05:00');
  expect(foreignOffset('2026-07-01T14:05:00+02:00', 'Europe/Berlin')).toBeUndefined();
  expect(foreignOffset('2026-11-24', SHANGHAI)).toBeUndefined();
});

it('falls back to UTC for a zone that this browser does not know', () => {
  expect(['Asia/Shanghai', 'Mars/Olympus', 'CST-8', ''].map(knownZone)).toEqual(['Asia/Shanghai', 'UTC', 'UTC', 'UTC']);
});

it('writes ISO 8601 with the offset of the zone', () => {
  expect(isoInZone(at('2026-11-24T06:05:09Z'), SHANGHAI)).toBe('2026-11-24T14:05:09+08:00');
  expect(isoInZone(at('2026-11-24T06:05:09Z'), 'America/St_Johns')).toBe('2026-11-24T02:35:09-03:30');
});

describe('ageAt', () => {
  const now = at('2026-11-25T04:00:00Z');
  it.each([
    ['2026-11-25T10:30:00+08:00', 'minutes', 90],
    ['2026-11-24T01:00:00+08:00', 'hours', 35],
    ['2026-11-24', 'days', 1],
    ['2026-10-30', 'days', 26],
    ['2026-10-28', 'weeks', 4],
    ['2025-11-26', 'weeks', 52],
    ['2025-11-25', 'months', 12],
    ['2024-11-26', 'months', 23],
    ['2008-11-26', 'yearsMonths', 17],
    ['2008-11-25', 'years', 18],
    ['1958-07-14', 'years', 68],
    ['1958-12-14', 'years', 67],
  ])('of one born %s is in %s', (born, unit, count) => {
    expect(ageAt(born, now, SHANGHAI)).toMatchObject({ unit, count, about: false });
  });

  it('says about when the birth date is partial, and nothing for the unborn', () => {
    expect(ageAt('1958', now, SHANGHAI)).toMatchObject({ unit: 'years', count: 68, about: true });
    expect(ageAt('1958-07', now, SHANGHAI)).toMatchObject({ count: 68, about: true });
    expect(ageAt('2027-01-01', now, SHANGHAI)).toBeUndefined();
    expect(ageAt('unknown', now, SHANGHAI)).toBeUndefined();
  });

  it('counts a birthday by the calendar of the page zone', () => {
    const evening = at('2026-11-24T17:00:00Z');
    expect(ageAt('2006-11-25', evening, SHANGHAI)).toMatchObject({ count: 20 });
    expect(ageAt('2006-11-25', evening, 'Europe/London')).toMatchObject({ count: 19 });
  });
});

it('says how long ago in one unit', () => {
  expect(since(0, 59_000)).toEqual({ unit: 'seconds', count: 59 });
  expect(since(0, 180_000)).toEqual({ unit: 'minutes', count: 3 });
  expect(since(0, 47 * 3_600_000)).toEqual({ unit: 'hours', count: 47 });
  expect(since(0, 48 * 3_600_000)).toEqual({ unit: 'days', count: 2 });
  expect(since(5, 0)).toEqual({ unit: 'now', count: 0 });
});
