import { expect, it } from 'vitest';
import { stretches } from './segments';

it('cuts a message into segments and fields that have their numbers, across what is marked', () => {
  const all = stretches([{ text: 'MSH|^~\\&|LAB↵\n' }, { text: 'PID|1|', mark: 'record' }, { text: '7', mark: 'field' }, { text: '||X↵\n', mark: 'record' }]);
  expect(all.filter(({ kind }) => kind === 'field').map(({ text, field, mark }) => [text, field, mark])).toEqual([
    ['^~\\&', 'MSH-2', undefined],
    ['LAB↵', 'MSH-3', undefined],
    ['1', 'PID-1', 'record'],
    ['7', 'PID-2', 'field'],
    ['X↵', 'PID-4', 'record'],
  ]);
  expect(all.filter(({ kind }) => kind === 'segment').map(({ text }) => text)).toEqual(['MSH', 'PID']);
  expect(all.map(({ text }) => text).join('')).toBe('MSH|^~\\&|LAB↵\nPID|1|7||X↵\n');
});

it('takes other separators, and text that is no message, as they are', () => {
  expect(stretches([{ text: 'MSH#^~\\&#A\nPID#1' }]).at(-1)).toMatchObject({ text: '1', field: 'PID-1' });
  expect(stretches([{ text: 'garbage' }])).toEqual([{ text: 'garbage', kind: 'segment' }]);
});
