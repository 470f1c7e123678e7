import { json } from '../api/client';
import type { Status } from '../api/types';

/** How far the program is; of arrivals and open letters it tells in one small answer. */
export const statusQuery = { queryKey: ['status'], queryFn: ({ signal }: { signal: AbortSignal }) => json<Status>('/api/status', { signal }) };

/** How many pairs of records that may be of one person wait for a decision. */
export const waitingQuery = {
  queryKey: ['waiting links'],
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await json<{ waiting: number }>('/api/identity?state=waiting&limit=1', { signal })).waiting,
};
