import { useQuery, type QueryClient } from '@tanstack/react-query';
import { json, setCsrf } from '../api/client';
import type { Session } from '../api/types';
import { applyChoices } from './choices';
import { setLocked } from './lock';
import { forgetList } from '../patients/list';

const key = ['session'] as const;

export const sessionQuery = {
  queryKey: key,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Session> => {
    const session = await json<Session>('/api/session', { signal });
    setCsrf(session.csrf ?? '');
    setLocked(session.locked ?? false);
    return session;
  },
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
  retry: false,
};

export function useSession(): Session | undefined {
  return useQuery({ ...sessionQuery, enabled: false }).data;
}

/** The zone of the page's wall clock: the site's; this browser's until the site's is known. */
export function useZone(): string {
  return useSession()?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export async function signIn(queries: QueryClient, name: string, password: string): Promise<void> {
  await json('/api/session', { method: 'POST', body: { name, password } });
  queries.clear();
  await applyChoices();
}

/** Signs in by the code of a one-time link. */
export async function signInByLink(queries: QueryClient, code: string): Promise<void> {
  await json('/api/session/link', { method: 'POST', body: { code } });
  queries.clear();
  await applyChoices();
}

/** Ends the session here and on the server; nothing of it stays in memory. */
export async function signOut(queries: QueryClient): Promise<void> {
  await json('/api/session', { method: 'DELETE' });
  forgetList();
  queries.clear();
}
