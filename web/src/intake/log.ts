import type { Arrival } from '../api/types';

/** What of the arrivals is looked at. */
export interface LogWanted {
  source?: string | undefined;
  door?: string | undefined;
  /** Part of a name, a source, a form, who let it in, or of the number. */
  q?: string | undefined;
}

export interface Log {
  /** Newest first, without a gap between them. */
  arrivals: Arrival[];
  /** Whether older ones can be asked for. */
  hasMore: boolean;
}

/** Arrivals that a page holds by itself; more where somebody asks for more. */
export const MOST_HELD = 1_000;

/** What came lately put before what is here. Where more came than was asked for, what is here would follow after a gap: it goes. */
export function joined(here: Log | undefined, came: Arrival[], isAll: boolean): Log {
  const last = came.at(-1)?.no;
  const first = here?.arrivals[0]?.no;
  if (!here || first === undefined || last === undefined || (last > first && !isAll)) return { arrivals: came, hasMore: !isAll };
  const older = here.arrivals.filter(({ no }) => no < last);
  const most = Math.max(MOST_HELD, here.arrivals.length);
  const arrivals = [...came, ...older].slice(0, most);
  return { arrivals, hasMore: here.hasMore || came.length + older.length > most };
}

/** Older ones put after those that are here. */
export function extended(here: Log, older: Arrival[], isAll: boolean): Log {
  const last = here.arrivals.at(-1)?.no ?? Number.POSITIVE_INFINITY;
  return { arrivals: [...here.arrivals, ...older.filter(({ no }) => no < last)], hasMore: !isAll };
}

export function matching(arrivals: Arrival[], { source, door, q }: LogWanted): Arrival[] {
  const text = q?.trim().toLowerCase() ?? '';
  return arrivals.filter(
    (one) =>
      (source === undefined || one.source === source) &&
      (door === undefined || one.door === door) &&
      (text === '' || `${one.no}\n${one.name}\n${one.source}\n${one.media}\n${one.principal}`.toLowerCase().includes(text)),
  );
}
