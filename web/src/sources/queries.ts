import { useQuery } from '@tanstack/react-query';
import { json } from '../api/client';
import type { ArrivalSources, Deliveries, Mappings, Sources, SourceTables, TableSource } from '../api/types';
import { useSession } from '../live/session';

/** Deliveries come by other ways too: the command line, a schedule. */
const AGAIN_MS = 15_000;

/** Somebody who sends messages: one whose address is let in, or one of whom something came. */
export interface Sender {
  name: string;
  address?: string;
  zone?: string;
  door?: string;
  last?: string;
}

export interface SourceList {
  tables: TableSource[];
  senders: Sender[];
}

function together(tables: TableSource[], allowed: Sources['sources'], came: ArrivalSources['sources']): SourceList {
  const senders = new Map<string, Sender>();
  for (const { name, address, zone } of allowed) senders.set(name, { name, address, zone });
  const ofTables = new Set(tables.map((table) => table.name));
  for (const { name, door, last } of came) if (!ofTables.has(name)) senders.set(name, { ...senders.get(name), name, door, last });
  return { tables, senders: [...senders.values()].toSorted((a, b) => a.name.localeCompare(b.name)) };
}

/** All sources, each part asked of what this account may know. */
export function useSources() {
  const session = useSession();
  const administers = session?.administers ?? false;
  const reads = session?.features.includes('sql') ?? false;
  return useQuery({
    queryKey: ['sources'],
    queryFn: async ({ signal }): Promise<SourceList> => {
      const [all, mapped, came] = await Promise.all([
        administers ? json<Sources>('/api/sources', { signal }) : undefined,
        administers ? undefined : json<Mappings>('/api/mappings', { signal }),
        reads ? json<ArrivalSources>('/api/arrivals/sources', { signal }) : undefined,
      ]);
      return together(all?.tables ?? mapped?.sources ?? [], all?.sources ?? [], came?.sources ?? []);
    },
    refetchInterval: AGAIN_MS,
  });
}

export function useDeliveries(name: string) {
  return useQuery({
    queryKey: ['source', name, 'deliveries'],
    queryFn: ({ signal }) => json<Deliveries>(`/api/sources/${encodeURIComponent(name)}/deliveries`, { signal }),
    refetchInterval: AGAIN_MS,
  });
}

export function useSourceTables(name: string) {
  return useQuery({
    queryKey: ['source', name, 'tables'],
    queryFn: ({ signal }) => json<SourceTables>(`/api/sources/${encodeURIComponent(name)}/tables`, { signal }),
  });
}
