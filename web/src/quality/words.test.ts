import { expect, it } from 'vitest';
import { fetchTexts, translator } from '../i18n';
import english from './sentences.en.json';
import chinese from './sentences.zh-Hans.json';
import { checkSentence, definitionsText, whyNot } from './words';

await fetchTexts(['quality']);
const t = translator('en');
const values = { table: 'measurement', at: 'measurement.value_as_number', against: '12', concept: '' };

it('says what a check says by its type, table and field; an unknown one as the server does', () => {
  expect(checkSentence('en', { check: 'plausibleValueLow.measurement.value_as_number', kind: 'plausibleValueLow', sentence: 's', values })).toBe('measurement.value_as_number is not below 12.');
  expect(checkSentence('en', { check: 'fhir.birth-missing', kind: 'fhir', sentence: 's', values })).toBe('Patients have a date of birth.');
  expect(checkSentence('en', { check: 'x.y', kind: 'newer', sentence: 'As the server says.', values })).toBe('As the server says.');
});

it('has a sentence for each of them in each language, with the same values', () => {
  expect(Object.keys(chinese)).toEqual(Object.keys(english));
  for (const [name, sentence] of Object.entries(english)) {
    const named = (text: string) => new Set([...text.matchAll(/\{(table|at|against|concept)[,}]/g)].map((found) => found[1]));
    const translated = (chinese as Record<string, string>)[name] ?? '';
    expect(named(translated), name).toEqual(named(sentence));
    const all = { table: 't', at: 't.f', against: 'male', concept: '1' };
    const check = name.startsWith('fhir.') ? { check: name, kind: 'fhir' } : { check: 'x', kind: name };
    expect(checkSentence('zh-Hans', { ...check, sentence: '', values: all })).not.toMatch(/[{}]|^$/);
  }
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
