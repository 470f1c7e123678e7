import { expect, it } from 'vitest';
import type { Allergy } from '../api/types';
import { allergiesOf, inactiveBy, isCurrent } from './standing';

const allergy = (more: Partial<Allergy>): Allergy => ({ ref: 'AllergyIntolerance/1', code: { text: 'Penicillin' }, reactions: [], none_known: false, ...more });
const of = (...allergies: Allergy[]) => allergiesOf({ allergies, withheld: [] });

it('tells none recorded, none active, no known allergies and what may not be read apart', () => {
  expect(of()).toBe('none-recorded');
  expect(of(allergy({ verification: 'entered-in-error' })), 'what was entered in error was never recorded').toBe('none-recorded');
  expect(of(allergy({ verification: 'refuted' }), allergy({ clinical: 'resolved' }))).toBe('none-active');
  expect(of(allergy({ none_known: true }))).toBe('none-known');
  const real = allergy({ verification: 'unconfirmed' });
  expect(of(allergy({ none_known: true }), real), 'an allergy counts more than the word that there is none').toEqual([real]);
  expect(allergiesOf({ allergies: [], withheld: ['AllergyIntolerance'] })).toBe('withheld');
});

it('takes no problem for a current one that is over or was ruled out', () => {
  const problem = { ref: 'Condition/1', code: { text: 'Pneumonia' } };
  expect(isCurrent(problem)).toBe(true);
  expect(isCurrent({ ...problem, clinical: 'recurrence' })).toBe(true);
  expect(isCurrent({ ...problem, clinical: 'resolved' })).toBe(false);
  expect(isCurrent({ ...problem, clinical: 'active', verification: 'refuted' })).toBe(false);
  expect(isCurrent({ ...problem, abated: '2019-02' })).toBe(false);
});

it('says of a medication that was never ordered what it is, not that it has ended', () => {
  const medication = { ref: 'MedicationRequest/1', code: { text: 'Aspirin' }, active: false };
  expect(inactiveBy({ ...medication, status: 'active', intent: 'plan' })).toEqual({ kind: 'intent', code: 'plan' });
  expect(inactiveBy({ ...medication, status: 'active', intent: 'order' })).toEqual({ kind: 'status', code: 'active' });
  expect(inactiveBy({ ...medication, status: 'on-hold', intent: 'order' })).toEqual({ kind: 'status', code: 'on-hold' });
});
