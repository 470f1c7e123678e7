import { expect, it } from 'vitest';
import { cellText, csvOf, parseExact } from './result';

it('keeps the digits of numbers that a double would change', () => {
  // Node 20 gives no source of a number; browsers do. Both must keep what a double holds.
  expect(parseExact('{"a":7.5,"b":[1,null,"x"]}')).toEqual({ a: 7.5, b: [1, null, 'x'] });
});

it('writes CSV as RFC 4180 asks, and no formulas', () => {
  const csv = csvOf({
    columns: [
      { name: 'a', type: 'Utf8' },
      { name: 'b,c', type: 'Int64' },
    ],
    rows: [
      ['say "hi"', 1],
      ['two\nlines', null],
      ['=1+1', -3],
      ['-4.5', true],
    ],
    truncated: false,
    ms: 1,
    seq: 1,
    lag_s: 0,
  });
  expect(csv).toBe('\u{FEFF}a,"b,c"\r\n"say ""hi""",1\r\n"two\nlines",\r\n\'=1+1,-3\r\n-4.5,true\r\n');
});

it('writes nested values as JSON', () => {
  expect(cellText({ a: [1] })).toBe('{"a":[1]}');
  expect(cellText(undefined)).toBe('');
});
