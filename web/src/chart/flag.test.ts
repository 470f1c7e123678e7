import { describe, expect, it } from 'vitest';
import type { LabResult } from '../api/types';
import { flagOf, outside, worse } from './flag';

const result = (given: Partial<LabResult>): LabResult => ({ ref: 'Observation/1', test: 0, numeric: true, field: 'valueQuantity', ...given });

describe('flagOf', () => {
  it('takes the word of the laboratory before the range', () => {
    const range = { low: '3.5', high: '5.1' };
    expect(flagOf(result({ value: '6.0', range, flag: 'N' }))).toMatchObject({ level: 'normal', mark: '', computed: false });
    expect(flagOf(result({ value: '6.9', range, flag: 'HH' }))).toMatchObject({ level: 'critical', mark: 'HH ⇈', computed: false });
  });

  it('computes from the stated range and says so', () => {
    expect(flagOf(result({ value: '5.2', range: { high: '5.1' } }))).toMatchObject({ mark: 'H ↑', level: 'abnormal', computed: true });
    expect(flagOf(result({ value: '3.4', range: { low: '3.5', high: '5.1' } }))).toMatchObject({ mark: 'L ↓', computed: true });
    expect(flagOf(result({ value: '5.1', range: { low: '3.5', high: '5.1' } }))).toBeUndefined();
  });

  it('has no opinion without a range, on text, or on a code that it does not know', () => {
    expect(flagOf(result({ value: '5.2' }))).toBeUndefined();
    expect(flagOf(result({ value: 'trace', numeric: false, range: { high: '5' } }))).toBeUndefined();
    expect(flagOf(result({ value: '5.2', flag: 'QQ' }))).toMatchObject({ mark: 'QQ', level: 'normal' });
  });
});

describe('worse', () => {
  const flag = (code: string) => flagOf(result({ flag: code }));

  it('shows the flag that is further from normal, and both if they are as far', () => {
    expect(worse(flag('H'), flag('LL'))).toMatchObject({ mark: 'LL ⇊', level: 'critical' });
    expect(worse(flag('N'), flag('L'))).toMatchObject({ mark: 'L ↓' });
    expect(worse(flag('H'), flag('HU'))).toMatchObject({ mark: 'H ↑' });
    expect(worse(flag('H'), flag('L'))).toMatchObject({ mark: 'H ↑ / L ↓', code: 'H/L', level: 'abnormal' });
    expect(worse(undefined, flag('L'))).toMatchObject({ mark: 'L ↓' });
  });
});

describe('outside', () => {
  it.each([
    ['5', '<', { low: '5' }, 'L'],
    ['5', '<', { low: '4' }, undefined],
    ['5', '<', { high: '4' }, undefined],
    ['5', '>', { high: '5' }, 'H'],
    ['5', '>=', { high: '5' }, undefined],
    ['1e3', undefined, { high: '999' }, 'H'],
    ['-2', undefined, { low: '-1' }, 'L'],
    ['abc', undefined, { low: '1' }, undefined],
  ] as const)('%s %s', (value, comparator, range, expected) => {
    expect(outside(value, comparator, range)).toBe(expected);
  });
});
