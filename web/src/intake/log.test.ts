import { describe, expect, it } from 'vitest';
import type { Arrival } from '../api/types';
import { extended, joined, matching, MOST_HELD } from './log';

const arrival = (no: number, more: Partial<Arrival> = {}): Arrival => ({
  no, at: '2026-11-27T09:00:00Z', door: 'mllp', source: 'laboratory', name: `ORU^R01 LAB M${no}`, media: 'application/hl7-v2', wrapper: '', base: 0, length: 100, hash: '', principal: 'source/1 (laboratory)', undone: null, ...more,
});
const down = (from: number, to: number): Arrival[] => Array.from({ length: from - to + 1 }, (_, n) => arrival(from - n));
const numbers = (log: { arrivals: Arrival[] }): number[] => log.arrivals.map(({ no }) => no);

describe('the log', () => {
  it('puts what came before what is here, each once and as it is told last', () => {
    const here = joined(undefined, down(5, 3), false);
    expect(here.hasMore).toBe(true);
    const next = joined(here, [arrival(7), arrival(6), arrival(5, { undone: '2026-11-27T10:00:00Z' })], false);
    expect(numbers(next)).toEqual([7, 6, 5, 4, 3]);
    expect(next.arrivals[2]?.undone).not.toBeNull();
  });

  it('begins anew rather than with a gap', () => {
    expect(numbers(joined(joined(undefined, down(5, 3), false), down(20, 18), false))).toEqual([20, 19, 18]);
  });

  it('holds a bounded number by itself, and more where more was asked for', () => {
    const full = joined(undefined, down(MOST_HELD, 1), true);
    const next = joined(full, down(MOST_HELD + 5, MOST_HELD - 5), false);
    expect(next.arrivals).toHaveLength(MOST_HELD);
    expect(next.hasMore).toBe(true);
    const more = extended(joined(undefined, down(30, 21), false), down(20, 1), true);
    expect(numbers(more)).toEqual(numbers({ arrivals: down(30, 1) }));
    expect(more.hasMore).toBe(false);
  });

  it('finds by source, door and any part of what is told', () => {
    const all = [arrival(12, { source: 'portal', door: 'http', name: 'POST /fhir' }), arrival(11), arrival(10, { door: 'import', name: 'Übersicht.hl7' })];
    const found = (wanted: Parameters<typeof matching>[1]) => matching(all, wanted).map(({ no }) => no);
    expect(found({})).toEqual([12, 11, 10]);
    expect(found({ source: 'laboratory', door: 'import' })).toEqual([10]);
    expect(found({ q: 'übers' })).toEqual([10]);
    expect(found({ q: ' m11 ' })).toEqual([11]);
    expect(found({ q: '12' })).toEqual([12]);
  });
});
