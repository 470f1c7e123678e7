import { expect, it } from 'vitest';
import { mayChange } from './rights';

it('asks for the change of all types, of no patient or kind of record alone', () => {
  expect(mayChange({ scopes: 'user/*.cruds' })).toBe(true);
  expect(mayChange({ scopes: 'user/Patient.rs system/*.u' })).toBe(true);
  for (const scopes of ['', 'user/*.rs', 'user/Patient.cruds', 'patient/*.cruds', 'user/*.cruds?category=laboratory']) expect(mayChange({ scopes }), scopes).toBe(false);
  expect(mayChange(undefined)).toBe(false);
});
