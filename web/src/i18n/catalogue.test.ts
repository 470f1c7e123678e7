import { readdirSync, readFileSync } from 'node:fs';
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';
import chinese from './zh-Hans.json';
import english from './en.json';
import { choice, format, type Key } from './index';

const catalogues = { en: english, 'zh-Hans': chinese } as const;
const keys = Object.keys(english) as Key[];
const source = new URL('..', import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(`${source}${name}`, 'utf8') }));

function placeholders(elements: MessageFormatElement[], into = new Set<string>()): Set<string> {
  for (const element of elements) {
    if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
    into.add(element.value);
    if (element.type === TYPE.select || element.type === TYPE.plural) {
      for (const option of Object.values(element.options)) placeholders(option.value, into);
    }
  }
  return into;
}

describe('catalogue', () => {
  it('has the same keys in each language', () => {
    expect(Object.keys(chinese)).toEqual(Object.keys(english));
  });

  it.each(keys)('%s parses and asks for the same values in each language', (key) => {
    expect(placeholders(parse(chinese[key]))).toEqual(placeholders(parse(english[key])));
    expect(english[key].trim()).not.toBe('');
    expect(chinese[key].trim()).not.toBe('');
  });

  it('holds no message that no page uses', () => {
    const all = files.map((file) => file.text).join('\n');
    // `where.${change}` uses all messages that begin so.
    const heads = [...all.matchAll(/t\(`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? '');
    const unused = keys.filter((key) => !all.includes(`'${key}'`) && !heads.some((head) => key.startsWith(head)));
    expect(unused).toEqual([]);
  });

  it('is where all words are: no page has bare text', () => {
    const bare = files
      .filter((file) => file.name.endsWith('.tsx'))
      .flatMap((file) => {
        const found = [...file.text.matchAll(/[\u4e00-\u9fff]{2,}|(?<==\s*)>\s*([A-Z][a-z]+(?: [a-z]+)+)[^<{]*</g)].map((match) => match[0]);
        const words = [...file.text.matchAll(/(?:aria-label|title|placeholder|alt)="([^"]+)"/g)].map((match) => match[0]);
        return [...found, ...words].map((text) => `${file.name}: ${text}`);
      });
    expect(bare).toEqual([]);
  });
});

it('counts as each language does, and names codes', () => {
  const say = (language: keyof typeof catalogues, key: Key, values: Record<string, string | number>) => format(language, catalogues[language], key, values);
  expect(say('en', 'sql.rows', { count: 1 })).toBe('1 row');
  expect(say('en', 'sql.rows', { count: 2 })).toBe('2 rows');
  expect(say('zh-Hans', 'sql.rows', { count: 2 })).toBe('2 行');
  expect(say('en', 'summary.medicationStatus', choice('status', 'on-hold'))).toBe('on hold');
  expect(say('en', 'summary.medicationStatus', choice('status', 'wei-rd'))).toBe('wei-rd');
  expect(say('en', 'patients.count', { shown: 50, total: 1234 })).toBe('50 of 1,234 patients');
});
