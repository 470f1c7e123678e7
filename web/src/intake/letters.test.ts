import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DeadLetter, DeadLetters } from '../api/types';
import { fetchAlike, fetchLetters, isAlike, mergedPage } from './letters';
import { currentReplaying, dismissReplaying, replayAll, stopReplaying } from './replaying';

const letter = (no: number, more: { what?: string; place?: string; source?: string } = {}): DeadLetter =>
  ({ no, what: more.what ?? 'no identifier of the patient', place: more.place ?? 'PID-3', arrival: { no: no + 100, source: more.source ?? 'laboratory', door: 'mllp', media: 'application/hl7-v2' } }) as DeadLetter;
const answer = (letters: DeadLetter[], next_before: number | null = null): DeadLetters => ({ dead_letters: letters, open: letters.length, next_before });
const told = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

afterEach(() => vi.unstubAllGlobals());

describe('letters of several doors', () => {
  it('are one list, newest first, as far as all are known', () => {
    const page = mergedPage([answer([letter(9), letter(6)], 6), answer([letter(8), letter(7), letter(2)]), answer([])]);
    expect(page.letters.map(({ no }) => no)).toEqual([9, 8, 7, 6]);
    expect(page.next).toBe(6);
    expect(page.open).toBe(5);
    expect(mergedPage([answer([letter(3)]), answer([letter(4)])])).toMatchObject({ next: undefined });
  });
});

describe('asking for letters', () => {
  const of = (door: string, no: number): DeadLetter => ({ ...letter(no), state: 'open', arrival: { ...letter(no).arrival, door } });
  const ask = (before?: number, wanted: Parameters<typeof fetchLetters>[0] = { state: 'open' }) => fetchLetters(wanted, before, new AbortController().signal);

  it('takes one request where an answer has all, and leaves out what is of rows', async () => {
    const asked = vi.fn<(path: string) => Promise<Response>>(() => Promise.resolve(told(200, answer([of('mllp', 9), of('mapping', 8), of('import', 7)]))));
    vi.stubGlobal('fetch', asked);
    expect(await ask()).toMatchObject({ letters: [{ no: 9 }, { no: 7 }], open: 2, next: undefined });
    expect(asked).toHaveBeenCalledOnce();
  });

  it('asks door by door where there are many, so that rows of tables hide no message', async () => {
    const paths: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      paths.push(path);
      const door = new URL(path, 'http://x').searchParams.get('door');
      return Promise.resolve(told(200, door === null ? answer([of('mapping', 900)], 900) : answer(door === 'mllp' ? [of('mllp', 3)] : [])));
    });
    expect(await ask()).toMatchObject({ letters: [{ no: 3 }], open: 1 });
    expect(paths.map((path) => new URL(path, 'http://x').searchParams.get('door'))).toEqual([null, 'mllp', 'http', 'import']);
    paths.length = 0;
    await ask(3);
    await ask(undefined, { state: 'all', door: 'mapping', source: 'clinic' });
    expect(paths).toHaveLength(4);
    expect(paths[3]).toContain('door=mapping&source=clinic');
  });
});

describe('letters alike', () => {
  it('have the same fault at the same kind of place, from the same source', () => {
    expect(isAlike(letter(1, { place: 'OBX[3]-5' }), letter(2, { place: 'OBX-5' }))).toBe(true);
    expect(isAlike(letter(1, { place: 'line 3, Patient.name[1]' }), letter(2, { place: 'line 14, Patient.name[0]' }))).toBe(true);
    for (const other of [letter(2, { place: 'PID-5' }), letter(2, { what: 'another' }), letter(2, { source: 'portal' })]) expect(isAlike(letter(1), other)).toBe(false);
  });

  it('are found in all that is open, oldest first, without the letter itself', async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      asked.push(path);
      return Promise.resolve(told(200, path.includes('before') ? answer([letter(2), letter(1, { source: 'x' })]) : answer([letter(9), letter(5), letter(4, { what: 'another' })], 4)));
    });
    const found = await fetchAlike(letter(5));
    expect(found.letters.map(({ no }) => no)).toEqual([2, 9]);
    expect(found.isCut).toBe(false);
    expect(asked[1]).toContain('before=4');
    expect(asked[0]).toContain('source=laboratory');
  });
});

describe('replaying one after the other', () => {
  it('goes past what is refused again, and says what', async () => {
    vi.stubGlobal('fetch', (path: string) => Promise.resolve(path.includes('/2/') ? told(422, { error: { message: 'PID-3 is still empty' } }) : told(200, { stored: 3, unchanged: 0, arrivals: [1] })));
    const done = vi.fn<() => void>();
    await replayAll([1, 2, 3], done);
    expect(currentReplaying()).toMatchObject({ running: false, count: 3, done: 3, stored: 6, stopped: false, failed: [{ no: 2 }] });
    expect(currentReplaying()?.failed[0]?.error.message).toBe('PID-3 is still empty');
    expect(done).toHaveBeenCalledOnce();
    dismissReplaying();
    expect(currentReplaying()).toBeUndefined();
  });

  it('stops when somebody says so, after the one that is under way, and begins no second one meanwhile', async () => {
    const paths: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      paths.push(path);
      if (paths.length === 2) stopReplaying();
      return Promise.resolve(told(200, { stored: 1, unchanged: 0, arrivals: [] }));
    });
    const first = replayAll([1, 2, 3, 4], () => undefined);
    await replayAll([7], () => undefined);
    await first;
    expect(paths).toEqual(['/api/deadletters/1/replay', '/api/deadletters/2/replay']);
    expect(currentReplaying()).toMatchObject({ running: false, done: 2, count: 4, stopped: true });
  });

  it('stops by itself when the server is gone or refuses the person', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(told(403, { error: { message: 'needs user/*.u' } })));
    await replayAll([1, 2], () => undefined);
    expect(currentReplaying()).toMatchObject({ done: 1, stopped: true, failed: [{ no: 1 }] });
  });
});
