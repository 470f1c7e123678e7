import { localTime, offsetMinutes } from './time';

/** How coarse the marks of a time axis are: what decides how they are written. */
export type Grain = 'hour' | 'day' | 'month' | 'year';

export interface TimeAxis {
  grain: Grain;
  /** ms since 1970, oldest first. */
  at_ms: number[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Distances between marks, finest first; `near_ms` is about how long one is. */
const STEPS: { grain: Grain; every: number; near_ms: number }[] = [
  ...[1, 2, 3, 6, 12].map((every) => ({ grain: 'hour' as const, every, near_ms: every * HOUR_MS })),
  ...[1, 2, 7, 14].map((every) => ({ grain: 'day' as const, every, near_ms: every * DAY_MS })),
  ...[1, 3, 6].map((every) => ({ grain: 'month' as const, every, near_ms: every * 30 * DAY_MS })),
  ...[1, 2, 5, 10, 20, 50].map((every) => ({ grain: 'year' as const, every, near_ms: every * 365 * DAY_MS })),
];

/** The instant at which the wall clock of `zone` shows this. */
function instant(zone: string, year: number, month: number, day: number, hour: number): number {
  const wall_ms = Date.UTC(year, month - 1, day, hour);
  const near_ms = wall_ms - offsetMinutes(wall_ms, zone) * 60_000;
  return wall_ms - offsetMinutes(near_ms, zone) * 60_000;
}

/** Round times of the wall clock of `zone` between two instants, at most `most`: full hours, midnights, firsts of months or years. */
export function timeAxis(from_ms: number, to_ms: number, zone: string, most: number): TimeAxis {
  for (const { grain, every, near_ms } of STEPS) {
    if ((to_ms - from_ms) / near_ms > most + 1) continue;
    const at_ms = marks(from_ms, to_ms, zone, grain, every);
    if (at_ms.length <= most) return { grain, at_ms };
  }
  return { grain: 'year', at_ms: [] };
}

function marks(from_ms: number, to_ms: number, zone: string, grain: Grain, every: number): number[] {
  const { year, month, day, hour } = localTime(from_ms, zone);
  const steps = {
    hour: (n: number) => instant(zone, year, month, day, Math.floor(hour / every) * every + n * every),
    // Counted from a fixed day, so that the marks stay where they are when a value more comes.
    day: (n: number) => {
      const days = Math.floor(Date.UTC(year, month - 1, day) / DAY_MS);
      const first = new Date((days - (days % every) + n * every) * DAY_MS);
      return instant(zone, first.getUTCFullYear(), first.getUTCMonth() + 1, first.getUTCDate(), 0);
    },
    month: (n: number) => instant(zone, year, Math.floor((month - 1) / every) * every + 1 + n * every, 1, 0),
    year: (n: number) => instant(zone, Math.floor(year / every) * every + n * every, 1, 1, 0),
  };
  const found: number[] = [];
  for (let n = 0; ; n += 1) {
    const at_ms = steps[grain](n);
    if (at_ms > to_ms) return found;
    if (at_ms >= from_ms) found.push(at_ms);
  }
}
