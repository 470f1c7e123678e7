import type { Encounter } from '../api/types';
import { formatMoment } from '../parts/time';

type Stay = Pick<Encounter, 'start' | 'end'>;

/** The calendar day of a moment on the page's clock, `2026-11-24`; as much of it as the source wrote. */
const dayOf = (at: string | undefined, zone: string): string => formatMoment('zh-Hans', at ?? '', zone, 'day');

/** The nights of a stay: from its first calendar day to its last. None where either is not known to the day. */
export function nightsOf({ start, end }: Stay, zone: string): number {
  const [from, to] = [dayOf(start, zone), dayOf(end, zone)];
  const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text);
  return isDay(from) && isDay(to) ? Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)) : 0;
}

/** The year that an encounter began in, on the page's calendar; nothing where nobody knows. */
export const yearOf = ({ start }: Stay, zone: string): string => /^\d{4}/.exec(dayOf(start, zone))?.[0] ?? '';
