import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useEffect } from 'react';
import { json } from '../api/client';
import { note } from './connection';
import { useLocked } from './lock';
import { LiveStream } from './stream';

/** What changes all the time is asked for again at most so often. */
const LEAST_MS = 2_000;

let probe = (): void => undefined;

export const stream = new LiveStream({
  open: (address) => new EventSource(address),
  hidden: () => document.hidden,
  probe: () => probe(),
  random: Math.random,
});

/** Holds the stream while somebody is signed in and the page is seen. */
export function useStream(enabled: boolean): void {
  const queries = useQueryClient();
  const locked = useLocked();
  useEffect(() => {
    if (!enabled || locked) return undefined;
    // A session that has ended or is locked is dealt with where all answers are.
    probe = () => void queries.fetchQuery({ queryKey: ['alive'], queryFn: () => json('/api/session'), staleTime: 0, retry: false }).catch(() => undefined);
    const look = () => stream.refresh();
    const off = () => {
      note(false);
    };
    const on = () => stream.hurry();
    stream.start();
    document.addEventListener('visibilitychange', look);
    globalThis.addEventListener('offline', off);
    globalThis.addEventListener('online', on);
    return () => {
      stream.stop();
      document.removeEventListener('visibilitychange', look);
      globalThis.removeEventListener('offline', off);
      globalThis.removeEventListener('online', on);
    };
  }, [enabled, locked, queries]);
}

/** Asks again for `queryKey` when something of the types or about the patient has changed. */
export function useFollow(queryKey: QueryKey, { types, patient }: { types?: string; patient?: string }): void {
  const queries = useQueryClient();
  const key = JSON.stringify(queryKey);
  useEffect(() => {
    let asked_ms = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      timer = undefined;
      asked_ms = Date.now();
      void queries.invalidateQueries({ queryKey: JSON.parse(key) as QueryKey });
    };
    const leave = stream.follow({
      ...(types && { types: types.split(',') }),
      ...(patient && { patients: [patient] }),
      onChange: () => {
        timer ??= setTimeout(ask, Math.max(0, asked_ms + LEAST_MS - Date.now()));
      },
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [queries, key, types, patient]);
}
