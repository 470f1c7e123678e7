import { describe, expect, it } from 'vitest';
import { isoInZone } from './time';
import { timeAxis } from './timeAxis';

const axis = (from: string, to: string, zone = 'Asia/Shanghai', most = 6) => {
  const { grain, at_ms } = timeAxis(Date.parse(from), Date.parse(to), zone, most);
  return [grain, ...at_ms.map((at) => isoInZone(at, zone).slice(0, grain === 'hour' ? 16 : 10))];
};

describe('timeAxis', () => {
  it('marks full hours of the page zone', () => {
    expect(axis('2026-11-24T08:13:00+08:00', '2026-11-24T19:40:00+08:00')).toEqual(['hour', '2026-11-24T10:00', '2026-11-24T12:00', '2026-11-24T14:00', '2026-11-24T16:00', '2026-11-24T18:00']);
  });

  it('marks midnights, months and years as the span grows', () => {
    expect(axis('2026-11-20T08:00:00+08:00', '2026-11-24T08:00:00+08:00')).toEqual(['day', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24']);
    expect(axis('2026-01-10T00:00:00Z', '2026-06-20T00:00:00Z')).toEqual(['month', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01']);
    expect(axis('2011-05-01T00:00:00Z', '2026-05-01T00:00:00Z')).toEqual(['year', '2015-01-01', '2020-01-01', '2025-01-01']);
  });

  it('follows the clock over a change of summer time', () => {
    expect(axis('2026-10-24T12:00:00Z', '2026-10-27T12:00:00Z', 'Europe/Berlin', 3)).toEqual(['day', '2026-10-25', '2026-10-26', '2026-10-27']);
  });

  it('never has more marks than there is room for, whatever the span', () => {
    for (let span_ms = 1; span_ms < 4e12; span_ms *= 3) {
      for (const most of [1, 3, 6]) expect(timeAxis(1_764_000_000_000, 1_764_000_000_000 + span_ms, 'America/St_Johns', most).at_ms.length).toBeLessThanOrEqual(most);
    }
  });
});
