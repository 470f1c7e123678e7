import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';
import { choice, format, type Key, type Room } from './index';
import { ROOMS } from './rooms';

type Texts = Record<string, string>;
const source = new URL('..', import.meta.url).pathname;
const read = (language: string, room: string): Texts => JSON.parse(readFileSync(`${source}i18n/${language}/${room}.json`, 'utf8')) as Texts;
const rooms = Object.keys(ROOMS.en) as Room[];
const all = (language: string): Texts => Object.assign({}, ...rooms.map((room) => read(language, room))) as Texts;
const [english, chinese] = [all('en'), all('zh-Hans')];
const keys = Object.keys(english) as Key[];
const roomOf = new Map(rooms.flatMap((room) => Object.keys(read('en', room)).map((key) => [key, room] as const)));
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

/** Messages that a file says: by name, or all that begin alike (`where.${change}`). */
function said(text: string): Key[] {
  const heads = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? '');
  return keys.filter((key) => text.includes(`'${key}'`) || heads.some((head) => key.startsWith(head)));
}

describe('catalogue', () => {
  it.each(rooms)('has in %s the same keys in each language', (room) => {
    expect(Object.keys(read('zh-Hans', room))).toEqual(Object.keys(read('en', room)));
  });

  it('has each key once', () => {
    expect(keys.length).toBe(rooms.reduce((sum, room) => sum + Object.keys(read('en', room)).length, 0));
  });

  it.each(keys)('%s parses and asks for the same values in each language', (key) => {
    expect(placeholders(parse(chinese[key] ?? ''))).toEqual(placeholders(parse(english[key] ?? '')));
    expect(english[key]?.trim()).not.toBe('');
    expect(chinese[key]?.trim()).not.toBe('');
  });

  it('holds no message that no page uses', () => {
    const used = new Set(files.flatMap((file) => said(file.text)));
    expect(keys.filter((key) => !used.has(key))).toEqual([]);
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

describe('a part of the pages that is fetched', () => {
  const textOf = new Map(files.map(({ name, text }) => [join(source, name), text]));
  const at = (from: string, to: string): string | undefined => ['', '.ts', '.tsx', '/index.ts'].map((end) => join(dirname(from), to) + end).find((path) => textOf.has(path) && existsSync(path));
  /** A file and all that it imports at once. */
  const closure = (path: string, into = new Set<string>()): Set<string> => {
    if (into.has(path)) return into;
    into.add(path);
    for (const [, to = ''] of (textOf.get(path) ?? '').matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?from\s+)?'(\.[^']+)'/gm)) {
      const found = at(path, to);
      if (found) closure(found, into);
    }
    return into;
  };
  const first = closure(join(source, 'main.tsx'));
  const outside = (paths: Iterable<string>, has: ReadonlySet<string>): string[] =>
    [...paths].flatMap((path) => said(textOf.get(path) ?? '').filter((key) => !has.has(roomOf.get(key) ?? '')).map((key) => `${path.slice(source.length)}: ${key}`));

  it('is none of the first load, which says what is in the core alone', () => {
    // Codes of the server are said where they are: by pages that have their words.
    expect(outside([...first].filter((path) => !path.includes('/i18n/')), new Set(['core']))).toEqual([]);
  });

  const fetched = join(source, 'fetched.tsx');
  const parts = [...(textOf.get(fetched) ?? '').matchAll(/import\('([^']+)'\)\)\.(\w+), \[([^\]]*)\]/g)];
  it('is listed', () => {
    expect(parts.length).toBe([...(textOf.get(fetched) ?? '').matchAll(/import\(/g)].length);
    const elsewhere = files.filter(({ name, text }) => !name.startsWith('i18n/') && name !== 'fetched.tsx' && /\bimport\(|\blazy\(/.test(text));
    expect(elsewhere.map(({ name }) => name)).toEqual(['sql/Editor.tsx'].filter((name) => elsewhere.some((file) => file.name === name)));
  });

  it.each(parts.map(([, to = '', name = '', list = '']) => [name, to, list]))('has the words that it says: %s', (_, to, list) => {
    const has = new Set<string>(['core', ...[...list.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '')]);
    const path = at(fetched, to);
    expect(path).toBeDefined();
    const own = [...closure(path ?? '')].filter((one) => !first.has(one));
    expect(outside(own, has)).toEqual([]);
  });
});

it('counts as each language does, and names codes', () => {
  const say = (texts: Texts, language: 'en' | 'zh-Hans', key: Key, values: Record<string, string | number>) => format(language, texts[key] ?? '', values);
  expect(say(english, 'en', 'sql.rows', { count: 1 })).toBe('1 row');
  expect(say(english, 'en', 'sql.rows', { count: 2 })).toBe('2 rows');
  expect(say(chinese, 'zh-Hans', 'sql.rows', { count: 2 })).toBe('2 行');
  expect(say(english, 'en', 'summary.medicationStatus', choice('status', 'on-hold'))).toBe('on hold');
  expect(say(english, 'en', 'summary.medicationStatus', choice('status', 'wei-rd'))).toBe('wei-rd');
  expect(say(english, 'en', 'patients.count', { shown: 50, total: 1234 })).toBe('50 of 1,234 patients');
});
