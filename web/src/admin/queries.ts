import { useQuery } from '@tanstack/react-query';
import { json } from '../api/client';
import type { Sources, Status, Tokens, Users } from '../api/types';

/** Others administer too, and by the command line. */
const AGAIN_MS = 30_000;

export const USERS = ['admin', 'users'] as const;
export const TOKENS = ['admin', 'tokens'] as const;
export const SENDERS = ['admin', 'senders'] as const;
export const STATUS = ['admin', 'status'] as const;

export const useUsers = () => useQuery({ queryKey: USERS, queryFn: ({ signal }) => json<Users>('/api/users', { signal }), refetchInterval: AGAIN_MS });
export const useTokens = () => useQuery({ queryKey: TOKENS, queryFn: ({ signal }) => json<Tokens>('/api/tokens', { signal }), refetchInterval: AGAIN_MS });
export const useSenders = () => useQuery({ queryKey: SENDERS, queryFn: ({ signal }) => json<Sources>('/api/sources', { signal }), refetchInterval: AGAIN_MS });

/** How the program is: one look tells of all of it. */
const STATUS_MS = 15_000;

export interface Health {
  status: Status;
  /** Whether it takes new requests. */
  ready: boolean;
  /** How long an answer took that asks nothing of the store, ms. */
  answer_ms: number;
  /** This browser's clock when the status was told, ms since 1970, in the middle of the request. */
  here_ms: number;
}

export const useHealth = () =>
  useQuery({
    queryKey: STATUS,
    queryFn: async ({ signal }): Promise<Health> => {
      const before_ms = performance.now();
      await json('/health', { signal });
      const answer_ms = performance.now() - before_ms;
      // While it stops, the program answers 503: that is no failure of this page.
      const ready = await json('/ready', { signal }).then(
        () => true,
        () => false,
      );
      const asked_ms = Date.now();
      const status = await json<Status>('/api/status', { signal });
      return { status, ready, answer_ms, here_ms: (asked_ms + Date.now()) / 2 };
    },
    refetchInterval: STATUS_MS,
  });
