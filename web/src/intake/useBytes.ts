import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { send } from '../api/client';
import { readingOf, type Reading } from '../parts/bytes';
import { INTAKE } from './queries';

/** The bytes of an arrival or a letter, from its beginning, as many as are asked for. What came never changes. */
export function useBytes(of: string | undefined, length: number) {
  return useQuery({
    queryKey: [`${INTAKE} bytes`, of, length],
    queryFn: async ({ signal }) => new Uint8Array(await (await send(`${of}/bytes?from=0&length=${length}`, { signal, accept: '*/*' })).arrayBuffer()),
    enabled: of !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** How bytes are read: as they say themselves, or as somebody chose. */
export function useReading(bytes: Uint8Array | undefined): [Reading, (charset: string) => void] {
  const [chosen, setChosen] = useState<string>();
  const reading = useMemo<Reading>(() => (chosen !== undefined ? { charset: chosen, guessed: false } : bytes ? readingOf(bytes) : { charset: 'utf-8', guessed: false }), [chosen, bytes]);
  return [reading, setChosen];
}
