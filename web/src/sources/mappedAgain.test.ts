import { expect, it } from 'vitest';
import { fetchTexts, translator } from '../i18n';
import { mappedAgain, whyWhole } from './mappedAgain';

await fetchTexts(['runs']);
const t = translator('en');
const first = { name: 'Patient', table_rows: 60, mapped: 'whole' as const, mapped_rows: null, why_whole: 'no run of it is remembered' };
const part = { name: 'Observation', table_rows: 1_300, mapped: 'part' as const, mapped_rows: 12, why_whole: null };
const nothing = { name: 'Encounter', table_rows: 150, mapped: 'nothing' as const, mapped_rows: null, why_whole: null };

it('says in one line what a run mapped again', () => {
  expect(mappedAgain(t, [first])).toBeUndefined();
  expect(mappedAgain(t, [nothing, nothing])).toBe('Nothing was mapped again: no row and no rule is different.');
  expect(mappedAgain(t, [part, nothing, { ...first, why_whole: 'its rules are other' }])).toBe('Mapped again: 12 of 1,300 rows of Observation; all rows of Patient; nothing of 1 target');
  expect(mappedAgain(t, Array.from({ length: 9 }, () => part))).toMatch(/; and 3 more targets$/);
  const why = [first, { ...first, why_whole: 'its rules are other' }, { ...first, why_whole: 'x', why_whole_code: 'mapping' }, { ...first, why_whole: 'x', why_whole_code: 'asked' }, part];
  expect(why.map((target) => whyWhole(t, target)?.text)).toEqual([undefined, 'its rules are other', 'its mapping was changed', undefined, undefined]);
});
