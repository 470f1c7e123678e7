import { useSyncExternalStore } from 'react';
import { ApiError, lines } from '../api/client';
import { whenLeft } from '../live/session';

/** What is being read or made now and how many rows of it, or how many parts of how many are done. */
export type Progress = { what: string; rows: number } | { done: number; of: number };

/** Something long that the server is asked for; it goes on whatever page is looked at, until it ends or is stopped. */
export interface Act {
  running: boolean;
  /** Whether it stores what it makes. */
  writes: boolean;
  begun_ms: number;
  /** How far it is. */
  progress?: Progress;
  report?: unknown;
  error?: ApiError;
  stopped?: boolean;
}

const acts = new Map<string, Act>();
const controllers = new Map<string, AbortController>();
const listeners = new Set<() => void>();

function set(key: string, act: Act): void {
  acts.set(key, act);
  for (const tell of listeners) tell();
}

interface Line {
  progress?: { table?: string; target?: string; rows?: number; done?: number; of?: number };
}

function progressOf({ progress = {} }: Line): Progress {
  const { table, target, rows = 0, done, of } = progress;
  return done === undefined || of === undefined ? { what: table ?? target ?? '', rows } : { done, of };
}

/** Begins an act, unless it goes on already. Its report stays until the next of its kind. */
export async function begin(key: string, path: string, body: { write?: boolean; accept?: boolean; of?: object; only?: string[] } | undefined, done: () => void): Promise<void> {
  if (controllers.has(key)) return;
  const controller = new AbortController();
  controllers.set(key, controller);
  const begun_ms = Date.now();
  const writes = body?.write === true;
  const own = () => controllers.get(key) === controller;
  set(key, { running: true, writes, begun_ms });
  try {
    const report = await lines<unknown>(path, { body, signal: controller.signal }, (line) => {
      if (own()) set(key, { running: true, writes, begun_ms, progress: progressOf(line) });
    });
    if (own()) set(key, { running: false, writes, begun_ms, report });
  } catch (error) {
    const stopped = controller.signal.aborted;
    if (own()) set(key, { running: false, writes, begun_ms, ...(stopped ? { stopped } : { error: error instanceof ApiError ? error : new ApiError(500, String(error)) }) });
  } finally {
    if (own()) controllers.delete(key);
    done();
  }
}

export const stop = (key: string): void => controllers.get(key)?.abort();

/** Takes away what an act said last. */
export function dismiss(key: string): void {
  if (!controllers.has(key) && acts.delete(key)) for (const tell of listeners) tell();
}

// Nothing of what a session started or was told stays in this tab.
whenLeft(() => {
  for (const controller of controllers.values()) controller.abort();
  controllers.clear();
  acts.clear();
  for (const tell of listeners) tell();
});

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const useAct = (key: string): Act | undefined => useSyncExternalStore(subscribe, () => acts.get(key));
