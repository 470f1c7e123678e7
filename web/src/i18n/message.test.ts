import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { message, type Values } from './message';
import { LANGUAGES, ROOMS, type Language } from './rooms';

const COUNTS = [0, 1, 2, 5, 21, 1234.5, 1_000_000];

/** Values that reach every branch of a message, and some that reach none. */
function tries(elements: MessageFormatElement[], into: Record<string, Set<string | number>> = {}): Record<string, Set<string | number>> {
  for (const element of elements) {
    if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
    const values = (into[element.value] ??= new Set());
    if (element.type === TYPE.select) for (const name of Object.keys(element.options)) values.add(name);
    else if (element.type === TYPE.number || element.type === TYPE.plural) for (const n of COUNTS) values.add(n);
    else values.add('some text');
    if (element.type === TYPE.select || element.type === TYPE.plural) for (const option of Object.values(element.options)) tries(option.value, into);
  }
  return into;
}

/** Some sets of values: the nth of each, over and over. */
function sets(of: Record<string, Set<string | number>>): Values[] {
  const all = Object.entries(of).map(([name, values]) => [name, [...values]] as const);
  const most = Math.max(1, ...all.map(([, values]) => values.length));
  return Array.from({ length: most }, (_, n) => Object.fromEntries(all.map(([name, values]) => [name, values[n % values.length] ?? ''])));
}

describe.each(Object.keys(LANGUAGES) as Language[])('messages in %s', (language) => {
  it('say what the reference says', async () => {
    const rooms = await Promise.all(Object.values(ROOMS[language]).map(async (room) => (await room()).default));
    const all = rooms.flatMap((room) => Object.values(room));
    expect(all.length).toBeGreaterThan(700);
    for (const text of all) {
      const reference = new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
      const say = message(text, language);
      for (const values of sets(tries(parse(text, { ignoreTag: true })))) expect(say(values), text).toBe(String(reference.format(values)));
    }
  });
});

describe('a message', () => {
  it.each(['{count', '{count, plural, one {# row}}', '{n, duration}', '{n} too } many', '{n, number, ::currency/EUR}'])('%s is refused', (text) => {
    expect(() => message(text, 'en')({ n: 1, count: 1 })).toThrow();
  });

  it('leaves out what it was not told', () => {
    expect(message('{n, number} of {name}', 'en')()).toBe(' of ');
  });

  it('may have choices within choices', () => {
    const say = message('{kind, select, row {{count, plural, =0 {no rows} one {# row} other {# rows}}} other {something}}', 'en');
    expect([say({ kind: 'row', count: 0 }), say({ kind: 'row', count: 1 }), say({ kind: 'row', count: 1200 }), say({ kind: 'x', count: 1 })]).toEqual(['no rows', '1 row', '1,200 rows', 'something']);
  });
});
