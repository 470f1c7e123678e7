import { expect, it } from 'vitest';
import { commandOf, quoted, readScopes, readTypes } from './scopes';

it('reads what a token may do', () => {
  expect(readScopes('system/*.rs user/Observation.cruds')).toEqual([
    { type: '*', rights: ['r', 's'], text: 'system/*.rs' },
    { type: 'Observation', rights: ['c', 'r', 'u', 'd', 's'], text: 'user/Observation.cruds' },
  ]);
  expect(readScopes('launch'), 'what is no such scope stays as it is').toEqual([{ type: '', rights: [], text: 'launch' }]);
});

it('takes types as people write them', () => {
  expect(readTypes(' Patient,Observation  Patient')).toEqual({ types: ['Patient', 'Observation'], wrong: [] });
  expect(readTypes('')).toEqual({ types: ['*'], wrong: [] });
  expect(readTypes('Patient, observations')).toEqual({ types: ['Patient'], wrong: ['observations'] });
  expect(readTypes('Patient、*').types, 'all types hold each').toEqual(['*']);
});

it('writes the command with letters in their order, and an end that means the same in every zone', () => {
  expect(commandOf({ name: '', types: ['*'], rights: ['s', 'r'], expires: '' }, 'UTC')).toBe("medweave token create --scope 'system/*.rs'");
  expect(commandOf({ name: "the lab's", types: ['Patient', 'Observation'], rights: ['r'], expires: '2027-12-31' }, 'Asia/Shanghai')).toBe(
    "medweave token create --scope 'system/Patient.r system/Observation.r' --name 'the lab'\\''s' --expires 2027-12-31T23:59:59+08:00",
  );
  expect(commandOf({ name: 'x', types: ['*'], rights: ['r'], expires: '2027-03-28' }, 'Europe/Berlin'), 'the day on which summer begins ends in summer').toContain('2027-03-28T23:59:59+02:00');
});

it('quotes what a shell would read otherwise', () => {
  expect(quoted('lab-viewer')).toBe('lab-viewer');
  expect(quoted('$(rm -rf ~)')).toBe("'$(rm -rf ~)'");
  expect(quoted('')).toBe("''");
});
