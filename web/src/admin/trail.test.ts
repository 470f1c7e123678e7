import { describe, expect, it } from 'vitest';
import { AT_ONCE, csvOf, deedsOf, matching, mayGoOn, newest, older, type Ask, type TrailRow } from './trail';

const row = (key: number, change: Partial<TrailRow> = {}): TrailRow => ({ key: String(key), at: '2026-11-27T15:53:48.000000Z', who: 'person/1 (Rosa)', what: 'sign in', target: 'session/1', outcome: 'done', from: 'http 10.0.0.7', ...change });

describe('matching', () => {
  const rows = [
    row(1, { at: '2026-11-26T15:59:59Z' }),
    row(2, { at: '2026-11-26T16:00:00Z', who: "'ada'", outcome: 'refused', target: 'wrong name or password' }),
    row(3, { what: 'set role clinician, reset password', target: 'person/2 ada' }),
    row(4, { what: 'disable account', target: 'person/22 adam' }),
    row(5, { who: 'person/2 (Ada Ward)', what: 'change password', outcome: 'failed' }),
  ];
  const keys = (wanted: Parameters<typeof matching>[1], zone = 'UTC') => matching(rows, wanted, zone).map(({ key }) => Number(key));

  it('takes all where nothing is asked for', () => expect(keys({})).toEqual([1, 2, 3, 4, 5]));
  it('finds by part of who, of whom and of where from, in any case', () => {
    expect(keys({ q: 'ADA' })).toEqual([2, 3, 4, 5]);
    expect(keys({ q: ' wrong name ' })).toEqual([2]);
    expect(keys({ q: '10.0.0.7' })).toHaveLength(5);
  });
  it('finds each of several things that one request did', () => {
    expect(deedsOf('set role clinician, reset password')).toEqual(['set role', 'reset password']);
    expect(keys({ what: 'set role' })).toEqual([3]);
    expect(keys({ what: 'reset password' })).toEqual([3]);
    expect(keys({ what: 'role' })).toEqual([]);
  });
  it('tells what was done from what was not', () => {
    expect(keys({ ended: 'not' })).toEqual([2, 5]);
    expect(keys({ ended: 'done' })).toEqual([1, 3, 4]);
  });
  it('finds what was done by, to and in the name of one account, and of no other whose number begins alike', () => expect(keys({ about: 'person/2 ada' })).toEqual([2, 3, 5]));
  it('reads days on the clock of the site, both included', () => {
    expect(keys({ until: '2026-11-26' })).toEqual([1, 2]);
    expect(keys({ until: '2026-11-26' }, 'Asia/Shanghai')).toEqual([1]);
    expect(keys({ since: '2026-11-27' }, 'Asia/Shanghai')).toEqual([2, 3, 4, 5]);
    expect(keys({ since: '2026-11-28' })).toEqual([]);
  });
  it('ends a day of 23 hours where the next one begins', () => {
    const spring = [row(1, { at: '2026-03-29T21:59:59Z' }), row(2, { at: '2026-03-29T22:00:00Z' })];
    expect(matching(spring, { until: '2026-03-29' }, 'Europe/Berlin').map(({ key }) => key)).toEqual(['1']);
  });
  it('goes on to older rows until the day that is asked for is passed', () => {
    expect(mayGoOn(rows[0], undefined, 'UTC')).toBe(true);
    expect(mayGoOn(rows[0], '2026-11-26', 'UTC')).toBe(true);
    expect(mayGoOn(rows[0], '2026-11-27', 'UTC')).toBe(false);
    expect(mayGoOn(undefined, undefined, 'UTC')).toBe(false);
  });
});

describe('a trail of which the end is not known', () => {
  const trail = (length: number): { ask: Ask; asked: [number, number][] } => {
    const asked: [number, number][] = [];
    const ask: Ask = async (after, limit) => {
      asked.push([after, limit]);
      return Array.from({ length: Math.max(0, Math.min(limit, length - after)) }, (_, n) => row(after + n + 1));
    };
    return { ask, asked };
  };
  it('is read from its end, also where much came since the place that is known', async () => {
    for (const [length, near] of [[3, 3], [20_000, 20_000], [20_000, 9_000], [0, 0]] as const) {
      const { rows, first } = await newest(trail(length).ask, near);
      expect(rows[0]?.key, `${length}`).toBe(length === 0 ? undefined : String(length));
      expect(rows.at(-1)?.key).toBe(length === 0 ? undefined : String(first));
    }
  });
  it('is read backwards without a gap or a row twice, down to its first row', async () => {
    const { ask } = trail(12_345);
    let stretch = await newest(ask, 12_345);
    const keys = stretch.rows.map(({ key }) => Number(key));
    while (stretch.first > 1) {
      stretch = await older(ask, stretch.first);
      keys.push(...stretch.rows.map(({ key }) => Number(key)));
    }
    expect(keys).toEqual(Array.from({ length: 12_345 }, (_, n) => 12_345 - n));
  });
  it('asks for no more than the server gives, and not without end', async () => {
    const endless: [number, number][] = [];
    await newest(async (after, limit) => {
      endless.push([after, limit]);
      return Array.from({ length: limit }, (_, n) => row(after + n + 1));
    }, 50_000);
    expect(endless).toHaveLength(20);
    expect(endless.every(([, limit]) => limit === AT_ONCE)).toBe(true);
  });
});

it('writes a CSV in which nothing is a formula', () => {
  const csv = csvOf([row(7, { who: '=HYPERLINK("x")', target: 'a, "b"\nc', count: 3 })]);
  expect(csv).toBe('\u{FEFF}place,at,who,what,target,outcome,from,count\r\n7,2026-11-27T15:53:48.000000Z,"\'=HYPERLINK(""x"")",sign in,"a, ""b""\nc",done,http 10.0.0.7,3\r\n');
});
