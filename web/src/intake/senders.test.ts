import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../api/types';
import { rateQuestion, ratesOf, senderRows } from './senders';

const letter = (source: string, door: string) => ({ arrival: { source, door } }) as DeadLetter;

describe('who sends', () => {
  const rates = ratesOf([
    ['laboratory', 'mllp', 4, 240, '2026-11-27T09:59:58Z'],
    ['laboratory', 'import', 1, 2, '2026-11-27T09:59:59Z'],
  ]);
  const rows = senderRows({
    allowed: [{ name: 'laboratory', address: '10.1.0.0/16' }, { name: 'radiology', address: '10.2.0.1' }, { name: 'clinic' }],
    tables: new Set(['clinic']),
    came: [
      { name: 'clinic', door: 'pull', last: '2026-11-27T01:00:00Z', no: 1 },
      { name: 'portal', door: 'http', last: '2026-11-26T08:00:00Z', no: 2 },
      { name: 'laboratory', door: 'undo', last: '2026-11-27T10:00:00Z', no: 9 },
    ],
    rates,
    letters: [letter('portal', 'http'), letter('clinic', 'mapping'), letter('portal', 'mapping')],
  });

  it('are those that may and those that did, without sources of tables; those first of whom something waits', () => {
    expect(rows.map(({ name, state, letters }) => [name, state, letters])).toEqual([
      ['portal', 'quiet', 1],
      ['laboratory', 'sending', 0],
      ['radiology', 'never', 0],
    ]);
  });

  it('sent last what they sent, not what was taken back', () => {
    expect(rows[1]).toMatchObject({ last: '2026-11-27T09:59:59Z', doors: ['mllp', 'import'], address: '10.1.0.0/16', rate: { minute: 5, hour: 242 } });
  });

  it('are asked for by the clock of the server', () => {
    expect(rateQuestion('2026-11-27T10:00:00Z')).toContain("received > TIMESTAMP '2026-11-27T09:59:00.000Z'");
  });

  it('are not called quiet while nobody knows', () => {
    expect(senderRows({ allowed: [], tables: new Set(), came: [{ name: 'a', door: 'mllp', last: '2026-11-27T09:00:00Z', no: 1 }], rates: undefined, letters: [] })[0]?.state).toBe('sending');
  });
});
