import { useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { json } from '../api/client';
import { useLocked } from '../live/lock';
import { useSession } from '../live/session';
import { statusQuery } from '../live/waiting';
import type { Arrival, Arrivals, ArrivalSources, DeadLetter, DeadLetters, Mappings, Sources, SqlResult, Status } from '../api/types';
import { fetchLetters, type LettersWanted } from './letters';
import { joined, type Log } from './log';
import { rateQuestion, ratesOf } from './senders';

/** What this page asks for anew when something came. */
export const INTAKE = 'intake';
const LOG = [INTAKE, 'log'] as const;
const LETTERS = [INTAKE, 'letters'] as const;

/** How often it is asked whether something came: the live stream tells of changed records, and what was refused changes none. */
const BEAT_MS = 1_000;
/** Others close letters too, and take back what came. */
const AGAIN_MS = 15_000;
const FIRST_ROWS = 200;
const NEWER_ROWS = 100;
/** Letters by which senders are counted, and arrivals marked; what changes there is noticed at once, but for what changed at the same time. */
const KNOWN_LETTERS = { open: 1_000, all: 200 } as const;
const KNOWN_AGAIN_MS = 60_000;

/** How far arrivals and letters are, kept current. One small answer tells both, and leaves no row in a trail. */
export function useBeat() {
  const locked = useLocked();
  return useQuery({
    ...statusQuery,
    // A server that does not answer is asked less often, and nothing is asked of a locked session.
    refetchInterval: ({ state }) => !locked && (state.status === 'error' ? AGAIN_MS : BEAT_MS),
    staleTime: BEAT_MS,
  });
}

/** Asks again for all that lists letters and arrivals. */
export const askAgain = (queries: QueryClient): Promise<void> => queries.invalidateQueries({ queryKey: [INTAKE] });

/** Asks again for `key` when `sign` is another than it was; what is asked for first is asked for once. */
function useAgainOn(key: readonly string[], sign: number | undefined): void {
  const queries = useQueryClient();
  const text = JSON.stringify(key);
  const before = useRef(sign);
  useEffect(() => {
    if (before.current !== undefined && sign !== before.current) void queries.invalidateQueries({ queryKey: JSON.parse(text) as string[] });
    before.current = sign;
  }, [queries, text, sign]);
}

/** The newest arrivals, one after the other. What came is put before what is here. */
export function useLog(isHeld: boolean) {
  const queries = useQueryClient();
  const newest = useBeat().data?.arrivals;
  const log = useQuery({
    queryKey: LOG,
    queryFn: async ({ signal }): Promise<Log> => {
      const here = queries.getQueryData<Log>(LOG);
      const limit = here ? NEWER_ROWS : FIRST_ROWS;
      const { arrivals, next_before } = await json<Arrivals>(`/api/arrivals?limit=${limit}`, { signal });
      return joined(here, arrivals, next_before === null);
    },
    enabled: !isHeld,
  });
  const first = log.data && (log.data.arrivals[0]?.no ?? 0);
  useEffect(() => {
    if (!isHeld && newest !== undefined && first !== undefined && newest > first) void queries.invalidateQueries({ queryKey: LOG });
  }, [queries, isHeld, newest, first]);
  return log;
}

export const setLog = (queries: QueryClient, change: (log: Log) => Log): void => void queries.setQueryData<Log>(LOG, (log) => log && change(log));

export const useArrival = (no: number | undefined) =>
  useQuery({ queryKey: [INTAKE, 'arrival', no], queryFn: ({ signal }) => json<Arrival>(`/api/arrivals/${no}`, { signal }), enabled: no !== undefined });

/** The newest letters: those that are open, by which senders are counted; or of all states, by which arrivals are marked. */
export function useKnownLetters(state: 'open' | 'all') {
  const { data: beat } = useBeat();
  useAgainOn([INTAKE, 'known letters'], beat?.dead_letters);
  return useQuery({
    queryKey: [INTAKE, 'known letters', state],
    queryFn: ({ signal }) => json<DeadLetters>(`/api/deadletters?state=${state}&limit=${KNOWN_LETTERS[state]}`, { signal }),
    refetchInterval: KNOWN_AGAIN_MS,
  });
}

export function useLetters(wanted: LettersWanted) {
  const { data: beat } = useBeat();
  useAgainOn(LETTERS, beat?.dead_letters);
  return useInfiniteQuery({
    queryKey: [...LETTERS, wanted],
    queryFn: ({ signal, pageParam }) => fetchLetters(wanted, pageParam, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => last.next,
    refetchInterval: AGAIN_MS,
  });
}

export const useLetter = (no: number) => useQuery({ queryKey: [INTAKE, 'letter', no], queryFn: ({ signal }) => json<DeadLetter>(`/api/deadletters/${no}`, { signal }) });

/** Sources by name that are known before anything came: who may send, and those of tables, as far as this account may know. */
export interface KnownSources {
  tables: string[];
  allowed: { name: string; address?: string }[];
}

export function useKnownSources() {
  const administers = useSession()?.duties.includes('system') ?? false;
  return useQuery({
    queryKey: [INTAKE, 'sources'],
    queryFn: async ({ signal }): Promise<KnownSources> => {
      if (!administers) return { tables: (await json<Mappings>('/api/mappings', { signal })).sources.map(({ name }) => name), allowed: [] };
      const { tables, sources } = await json<Sources>('/api/sources', { signal });
      return { tables: tables.map(({ name }) => name), allowed: sources };
    },
    refetchInterval: AGAIN_MS,
  });
}

/** Who sent what last. */
export function useNewest() {
  const { data: beat } = useBeat();
  useAgainOn([INTAKE, 'newest'], beat?.arrivals);
  return useQuery({ queryKey: [INTAKE, 'newest'], queryFn: ({ signal }) => json<ArrivalSources>('/api/arrivals/sources', { signal }) });
}

/** Sources whose rates are told. */
const MOST_SOURCES = 1_000;

/** How much each source sent in the last minute and hour: one question over the table of arrivals, by the clock of the server. */
export const useRates = (now: string | undefined) =>
  useQuery({
    queryKey: [INTAKE, 'rates'],
    queryFn: async ({ client, signal }) => {
      const at = client.getQueryData<Status>(statusQuery.queryKey)?.now ?? now ?? '';
      const { rows, lag_s } = await json<SqlResult>('/api/sql', { method: 'POST', body: { sql: rateQuestion(at), limit: MOST_SOURCES }, signal });
      return { rates: ratesOf(rows), lag_s };
    },
    enabled: now !== undefined,
    refetchInterval: AGAIN_MS,
  });
