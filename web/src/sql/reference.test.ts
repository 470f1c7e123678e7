import { expect, it } from 'vitest';
import type { SqlResult, SqlTable } from '../api/types';
import { referencesOf } from './reference';

const table = (name: string, ...columns: string[]): SqlTable => ({ name, comment: '', columns: columns.map((column) => ({ name: column, type: 'Utf8', comment: '' })) });
const TABLES = [table('allergy', '_id', 'patient_id'), table('diagnostic_report', '_id'), table('patient', '_id'), table('resource', 'type', 'id'), table('arrival', 'no')];
const result = (columns: string[], ...rows: unknown[][]): SqlResult => ({ columns: columns.map((name) => ({ name, type: 'Utf8' })), rows, truncated: false, ms: 0, seq: 0, lag_s: 0 });

it('knows which record a cell names', () => {
  const allergies = referencesOf('SELECT * FROM allergy', result(['_id', 'patient_id', 'note', 'ref'], ['a1', 'p1', 'a1', 'Observation/o1']), TABLES);
  expect([0, 1, 2, 3].map((column) => allergies(0, column))).toEqual(['AllergyIntolerance/a1', 'Patient/p1', undefined, 'Observation/o1']);
  expect(referencesOf('SELECT _id FROM diagnostic_report', result(['_id'], ['d']), TABLES)(0, 0)).toBe('DiagnosticReport/d');
  // Whose id it is cannot be told where two tables were asked.
  expect(referencesOf('SELECT a._id FROM allergy a, patient p', result(['_id'], ['x']), TABLES)(0, 0)).toBeUndefined();
  expect(referencesOf('SELECT type, id FROM resource', result(['type', 'id'], ['Basic', 'b1']), TABLES)(0, 1)).toBe('Basic/b1');
  expect(referencesOf('SELECT no FROM arrival', result(['no'], [7], ['17/2']), TABLES)(1, 0)).toBeUndefined();
});
