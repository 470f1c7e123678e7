import { expect, it } from 'vitest';
import { fetchTexts, translator } from '../i18n';
import { runNoteText } from './runNote';

it('says what is to be known of a run, with its reasons in words', async () => {
  await fetchTexts(['runs', 'tables']);
  const t = translator('en');
  const leftOut = { code: 'left-out', values: { target: 'Patient', element: 'birthDate', count: 30, of: 60, reason: 'impossible-date' }, text: '…' };
  expect(runNoteText(t, leftOut)).toMatch(/^Patient birthDate: 30 of 60 values were left out, most of them for this reason: date that no calendar has\./);
  expect(runNoteText(t, { code: 'number-signs', values: { target: 'O', element: 'value', count: 1, of: 2, text: '1.5' }, text: '…' })).toContain('such as “1.5”');
  expect(runNoteText(t, { code: 'newer-than-the-pages', values: {}, text: 'as the server says it' })).toBe('as the server says it');
});
