import { expect, it } from 'vitest';
import type { Account } from '../api/types';
import { among } from './among';

const account = (id: number, name: string, display: string, disabled: string | null = null): Account => ({ id, name, display, role: 'clinician', created: '2026-11-27T00:00:00Z', password_set: '2026-11-27T00:00:00Z', disabled });
const ALL = [account(1, 'ada', 'Ada Ward'), account(2, 'wei', '陈伟'), account(3, 'bo', 'Bo Night', '2026-11-27T00:00:00Z')];
const ids = (wanted: Parameters<typeof among>[1]) => among(ALL, wanted).map(({ id }) => id);

it('finds accounts by part of either name, in any case and width', () => {
  expect(ids({})).toEqual([1, 2, 3]);
  expect(ids({ q: ' WARD' })).toEqual([1]);
  expect(ids({ q: '陈' })).toEqual([2]);
  expect(ids({ q: 'ＡＤＡ' })).toEqual([1]);
  expect(ids({ q: 'nobody' })).toEqual([]);
});

it('tells those that can sign in from those that cannot', () => {
  expect(ids({ state: 'disabled' })).toEqual([3]);
  expect(ids({ state: 'open' })).toEqual([1, 2]);
  expect(ids({ state: 'open', q: 'night' })).toEqual([]);
});
