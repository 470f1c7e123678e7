import { expect, it } from 'vitest';
import { translator } from '../i18n';
import { checkSentence, definitionsText, whyNot } from './words';

const t = translator('en');
const values = { table: 'measurement', at: 'measurement.value_as_number', against: '12', concept: '' };

it('says what a check says by its type, table and field; an unknown one as the server does', () => {
  expect(checkSentence(t, { check: 'plausibleValueLow.measurement.value_as_number', kind: 'plausibleValueLow', sentence: 's', values })).toBe('measurement.value_as_number is not below 12.');
  expect(checkSentence(t, { check: 'fhir.birth-missing', kind: 'fhir', sentence: 's', values })).toBe('Patients have a date of birth.');
  expect(checkSentence(t, { check: 'x.y', kind: 'newer', sentence: 'As the server says.', values })).toBe('As the server says.');
});

it('says why a check does not apply', () => {
  expect(whyNot(t, { because: { code: 'empty-table', values: { name: 'note' } }, reason: 'r' })).toBe('the table note is empty');
  expect(whyNot(t, { because: { code: 'other', values: {} }, reason: 'it was cold' })).toBe('it was cold');
  expect(whyNot(t, { because: null, reason: null })).toBe('');
});

it('names program and model of the definitions', () => {
  expect(definitionsText(t, 'OHDSI Data Quality Dashboard 2.8.4, definitions for CDM 5.4 (github.com/x)')).toBe('OHDSI Data Quality Dashboard 2.8.4 for CDM 5.4');
  expect(definitionsText(t, '/srv/own')).toBe('/srv/own');
});
