import { useSyncExternalStore } from 'react';

/** What is known of the way to the server. */
export interface Connection {
  /** Whether the last request got any answer. */
  reached: boolean;
  /** When it last did, ms since 1970. */
  at_ms: number;
}

let connection: Connection = { reached: true, at_ms: Date.now() };
const listeners = new Set<() => void>();

/** Notes that a request got an answer (of any status), or none. */
export function note(reached: boolean): void {
  connection = { reached, at_ms: reached ? Date.now() : connection.at_ms };
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const useConnection = (): Connection => useSyncExternalStore(subscribe, () => connection);
