import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { decide, fetchLink, fetchLinks, isShared, merge, outcomeOf, undo, type IdentityLink, type Person } from './identity';

const person = (id: string, more: Partial<Person> = {}): Person => ({
  id, active: true, name: 'Wei Chen', birth_date: '1958-07-14', sex: 'male', numbers: ['1297287652'], phones: [], address: null, updated: '2026-11-27T09:00:00Z', source: 'laboratory', deceased: false, ...more,
});
const LINK: IdentityLink = {
  id: 'wei~wie', state: 'waiting', score: 0.87, found: '2026-11-27T09:00:00Z', decided: null, decided_by: null, reason: null, into: null,
  parts: [{ name: 'name', outcome: 'near', weight: 3.1, how: 'one letter' }],
  patients: [person('wei'), person('wie', { name: 'Wie Chen', numbers: ['2200114', '1297287652'], sex: null, birth_date: '1958-07-41' })],
};

interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** What the server is asked, and what it answers. */
function server(answer: (asked: Asked) => [number, unknown]): Asked[] {
  const all: Asked[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const asked = { method: init.method ?? 'GET', path, body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined };
    all.push(asked);
    const [status, body] = answer(asked);
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return all;
}

afterEach(() => vi.unstubAllGlobals());

describe('links of people', () => {
  it('are asked for by state and page, and one by its id', async () => {
    const asked = server(({ path }) => [200, path.includes('?') ? { waiting: 3, links: [LINK], next_before: 'b' } : LINK]);
    expect((await fetchLinks('waiting', undefined)).links[0]?.patients[1].name).toBe('Wie Chen');
    await fetchLinks('all', 'x/y');
    expect((await fetchLink('a/b')).id).toBe('wei~wie');
    expect(asked.map(({ path }) => path)).toEqual(['/api/identity?state=waiting&limit=50', '/api/identity?state=all&limit=50&before=x%2Fy', '/api/identity/a%2Fb']);
  });

  it('are decided, merged and taken back', async () => {
    const asked = server(() => [200, { ...LINK, state: 'same' }]);
    expect((await decide('a', true)).state).toBe('same');
    await decide('a', false);
    await merge('a', 'wei');
    await undo('a');
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/api/identity/a/decide', { same: true }],
      ['/api/identity/a/decide', { same: false }],
      ['/api/identity/a/merge', { into: 'wei' }],
      ['/api/identity/a/undo', {}],
    ]);
    expect(asked.every(({ method }) => method === 'POST')).toBe(true);
  });

  it('say why they were not', async () => {
    server(() => [409, { error: { code: 'conflict', message: 'somebody decided it meanwhile' } }]);
    await expect(decide('a', true)).rejects.toMatchObject(new ApiError(409, 'somebody decided it meanwhile', undefined, undefined, undefined, undefined, 'conflict'));
  });
});

describe('two records', () => {
  it('compare as the server weighed them, and by their values where it did not', () => {
    expect(outcomeOf(LINK, 'name')).toBe('near');
    expect(outcomeOf(LINK, 'number')).toBe('equal');
    expect(outcomeOf(LINK, 'birthDate')).toBe('differs');
    expect(outcomeOf(LINK, 'sex')).toBe('missing');
    expect(isShared('1297287652', 'number', LINK.patients[0])).toBe(true);
    expect(isShared('2200114', 'number', LINK.patients[0])).toBe(false);
  });
});
