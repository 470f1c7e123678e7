import { expect, it } from 'vitest';
import { ApiError } from '../api/client';
import { wordsOfRefusal } from './refusal';

const t = (key: string, values: Record<string, string | number> = {}) => [key, ...Object.values(values)].join(' ');
const said = (status: number, message: string, wait_s?: number) => wordsOfRefusal(t, new ApiError(status, message, undefined, wait_s));

it('says for how long a name is locked, not when a program may ask again', () => {
  const until = new Date(Date.now() + 14.5 * 60_000).toISOString();
  expect(said(429, `too many failed tries (${until})`, 60)).toBe('signin.lockedMinutes 15');
  expect(said(429, 'too many sign-ins at once: try again in a moment', 2)).toBe('failure.busy.text 2');
  expect(said(429, 'throttled')).toBe('signin.locked');
});

it('tells a disabled account from a wrong password', () => {
  expect(said(403, 'this account is disabled: ask an administrator')).toBe('signin.disabled');
  expect(said(401, 'name or password is wrong')).toBe('signin.wrong');
  expect(said(0, '')).toBe('failure.offline.text');
});
