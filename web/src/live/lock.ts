import { useEffect, useSyncExternalStore } from 'react';
import { json } from '../api/client';
import { lastActive_ms } from './activity';

/** A screen that nobody has touched for so long is locked. */
export const IDLE_MS = 15 * 60_000;
const LOOK_MS = 5_000;

let locked = false;
const listeners = new Set<() => void>();

/** Locks or opens this page; what is on it stays, so that nothing unsaved is lost. */
export function setLocked(next: boolean): void {
  if (locked === next) return;
  locked = next;
  for (const tell of listeners) tell();
}

export const isLocked = (): boolean => locked;

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const useLocked = (): boolean => useSyncExternalStore(subscribe, isLocked);

/** Locks here at once, and on the server: the session then opens nothing in any tab. */
export function lockNow(): void {
  setLocked(true);
  // Without an answer the page is covered all the same; the server ends an unused session by itself.
  json('/api/session/lock', { method: 'POST' }).catch(() => undefined);
}

export async function unlock(password: string): Promise<void> {
  await json('/api/session/unlock', { method: 'POST', body: { password } });
  setLocked(false);
}

/** Locks when nobody has been there for too long, also after the machine slept. */
export function useIdleLock(enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return undefined;
    const look = () => {
      if (!locked && Date.now() - lastActive_ms() >= IDLE_MS) lockNow();
    };
    const timer = setInterval(look, LOOK_MS);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [enabled]);
}
