import { expect, it } from 'vitest';
import { stateOf } from './tokenState';

it('says what a token opens now', () => {
  const now_ms = Date.parse('2026-11-27T12:00:00Z');
  expect(stateOf({ revoked: null, expires: null }, now_ms)).toBe('valid');
  expect(stateOf({ revoked: null, expires: '2026-11-27T12:00:00.000001Z' }, now_ms - 1)).toBe('valid');
  expect(stateOf({ revoked: null, expires: '2026-11-27T12:00:00Z' }, now_ms)).toBe('expired');
  expect(stateOf({ revoked: '2026-11-01T00:00:00Z', expires: '2026-11-02T00:00:00Z' }, now_ms)).toBe('revoked');
});
