import { useQuery, type QueryClient } from '@tanstack/react-query';
import { ApiError, json, setCsrf } from '../api/client';
import type { Session } from '../api/types';
import { applyChoices } from './choices';
import { setLocked } from './lock';
import { knownZone } from '../parts/time';
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
  return knownZone(useSession()?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone);
}

const CHANGED = 'medweave.session';

/** Tells the other tabs of this browser that its session is another one now. */
function announce(): void {
  try {
    globalThis.localStorage?.setItem(CHANGED, String(Date.now()));
  } catch {
    // Storage is off: the other tabs learn it from the next answer.
  }
}

/**
 * A tab that shows somebody's session starts anew when another tab signs out or lets somebody else in: the cookie is one for all
 * tabs, and the name at the top must be that of whoever is asked for.
 */
export function startSession(queries: QueryClient): void {
  globalThis.addEventListener('storage', (event) => {
    if (event.key === CHANGED && queries.getQueryData(key) !== undefined) globalThis.location.reload();
  });
}

export async function signIn(queries: QueryClient, name: string, password: string): Promise<void> {
  await json('/api/session', { method: 'POST', body: { name, password } });
  forget(queries);
  announce();
  await applyChoices();
}

/** Signs in by the code of a one-time link. */
export async function signInByLink(queries: QueryClient, code: string): Promise<void> {
  await json('/api/session/link', { method: 'POST', body: { code } });
  forget(queries);
  announce();
  await applyChoices();
}

const leaving = new Set<() => void>();

/** What else holds something of a session is told when it ends. */
export const whenLeft = (forgetting: () => void): void => void leaving.add(forgetting);

/** Nothing of what a session showed stays in this tab. */
export function forget(queries: QueryClient): void {
  forgetList();
  for (const leave of leaving) leave();
  queries.clear();
}

/**
 * Ends the session here and on the server. `false` if the server did not answer: the page forgets all the same, but whoever comes
 * next could still go on with the session, and must be told so.
 */
export async function signOut(queries: QueryClient): Promise<boolean> {
  try {
    await json('/api/session', { method: 'DELETE' });
    return true;
  } catch (error) {
    // A session that the server does not know has ended.
    return error instanceof ApiError && error.status === 401 && error.code !== 'locked';
  } finally {
    forget(queries);
    announce();
  }
}
