import { useSyncExternalStore } from 'react';

/** What is known of the way to the server. */
export interface Connection {
  /** Whether the last request got any answer. */
  reached: boolean;
  /** When it last did, ms since 1970. */
  at_ms: number;
  /** When the live stream was last heard of, if it stands: until then nothing that is followed had changed unseen. */
  live_ms?: number;
  /** The build that the server said it is. */
  build?: string;
}

let connection: Connection = { reached: true, at_ms: Date.now() };
const listeners = new Set<() => void>();

const returns = new Set<() => void>();

function change(next: Partial<Connection>): void {
  const isBack = next.reached === true && !connection.reached;
  connection = { ...connection, ...next };
  for (const tell of listeners) tell();
  if (isBack) for (const tell of returns) tell();
}

/** Told each time that the server is there again. */
export const whenBack = (tell: () => void): void => void returns.add(tell);

/** Notes that a request got an answer (of any status), or none. */
export function note(reached: boolean): void {
  if (reached) change({ reached, at_ms: Date.now() });
  else if (connection.reached) change({ reached });
}

/** Notes that the live stream was heard of. */
export function noteLive(build?: string): void {
  const now = Date.now();
  change({ reached: true, at_ms: now, live_ms: now, ...(build !== undefined && { build }) });
}

/** Notes that there is no live stream any more. */
export function noteSilence(): void {
  const { live_ms: _, ...rest } = connection;
  connection = rest;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const useConnection = (): Connection => useSyncExternalStore(subscribe, () => connection);
