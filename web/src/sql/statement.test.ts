import { expect, it } from 'vitest';
import { charactersBefore, statementAt } from './statement';

const TEXT = "SELECT ';' AS a; -- one; two\n  SELECT 2 /* ; */;\n";

it('finds the statement of the cursor, whatever semicolons stand in quotes and comments', () => {
  expect(statementAt(TEXT, 3, 3)).toEqual({ text: "SELECT ';' AS a", at: 0 });
  const second = statementAt(TEXT, TEXT.indexOf('SELECT 2'), TEXT.indexOf('SELECT 2'));
  expect(second.text).toBe('-- one; two\n  SELECT 2 /* ; */');
  expect(TEXT.slice(second.at).startsWith(second.text)).toBe(true);
  expect(statementAt(TEXT, TEXT.length, TEXT.length).text).toBe(second.text);
});

it('takes a selection as it is', () => {
  expect(statementAt('SELECT 1, 2', 7, 9)).toEqual({ text: '1,', at: 7 });
  expect(statementAt('', 0, 0)).toEqual({ text: '', at: 0 });
});

it('turns bytes into characters', () => {
  expect(charactersBefore("'陈' x", 5)).toBe(3);
});
