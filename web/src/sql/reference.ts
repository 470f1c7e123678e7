import type { SqlResult, SqlTable } from '../api/types';
import { tablesIn } from './catalogue';

/** Tables that are not called as their resources are. */
const RENAMED: Record<string, string> = { allergy: 'AllergyIntolerance', document: 'DocumentReference' };
const REFERENCE = /^[A-Z][A-Za-z]{2,63}\/[A-Za-z0-9.-]{1,64}$/;
const ID = /^[A-Za-z0-9.-]{1,64}$/;

const typeOf = (table: string): string => RENAMED[table] ?? table.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Says which record a cell names, if it names one: a reference, a patient's id, the id of a row where one table was asked. */
export function referencesOf(sql: string, result: SqlResult, tables: SqlTable[]): (row: number, column: number) => string | undefined {
  const used = tablesIn(sql, tables).filter((table) => table.columns.some((column) => column.name === '_id'));
  const names = result.columns.map((column) => column.name);
  const type = used.length === 1 && used[0] ? typeOf(used[0].name) : undefined;
  const typeColumn = names.indexOf('type');
  const ofResource = tablesIn(sql, tables).some((table) => table.name === 'resource') && typeColumn >= 0;
  return (row, column) => {
    const value = result.rows[row]?.[column];
    if (typeof value !== 'string') return undefined;
    if (REFERENCE.test(value)) return value;
    if (!ID.test(value)) return undefined;
    const name = names[column] ?? '';
    if (name === 'patient_id') return `Patient/${value}`;
    if (name === '_id' && type) return `${type}/${value}`;
    const own = ofResource && name === 'id' ? result.rows[row]?.[typeColumn] : undefined;
    return typeof own === 'string' ? `${own}/${value}` : undefined;
  };
}
