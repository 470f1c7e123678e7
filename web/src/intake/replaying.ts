import { useSyncExternalStore } from 'react';
import { ApiError, json } from '../api/client';
import { whenLeft } from '../live/session';

/** What a replay tells. */
export interface Replayed {
  stored: number;
  unchanged: number;
  arrivals: number[];
}

/** Letters that are replayed one after the other: how far that is. It goes on while other pages are looked at. */
export interface Replaying {
  running: boolean;
  count: number;
  done: number;
  stored: number;
  /** Those that were refused again, with why. */
  failed: { no: number; error: ApiError }[];
  stopped: boolean;
}

let replaying: Replaying | undefined;
let controller: AbortController | undefined;
const listeners = new Set<() => void>();

function set(next: Replaying | undefined): void {
  replaying = next;
  for (const tell of listeners) tell();
}

export const replay = (no: number, bytes?: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<Replayed> =>
  json<Replayed>(`/api/deadletters/${no}/replay`, { method: 'POST', ...(bytes && { bytes }), signal });

/** Replays letters in their order. One that is refused again stops no other; a server that is not there, or a session that ended, stops all. */
export async function replayAll(numbers: number[], onDone: () => void): Promise<void> {
  if (replaying?.running) return;
  const own = new AbortController();
  controller = own;
  let now: Replaying = { running: true, count: numbers.length, done: 0, stored: 0, failed: [], stopped: false };
  set(now);
  const still = () => controller === own;
  for (const no of numbers) {
    if (own.signal.aborted) break;
    try {
      const { stored } = await replay(no);
      now = { ...now, done: now.done + 1, stored: now.stored + stored };
    } catch (error) {
      const told = error instanceof ApiError ? error : new ApiError(500, String(error));
      now = { ...now, done: now.done + 1, failed: [...now.failed, { no, error: told }] };
      if ([0, 401, 403, 503, 507].includes(told.status)) own.abort();
    }
    if (!still()) return;
    set(now);
  }
  if (!still()) return;
  controller = undefined;
  set({ ...now, running: false, stopped: now.done < now.count });
  onDone();
}

/** Ends it after the letter that is being replayed. */
export const stopReplaying = (): void => controller?.abort();

/** Takes away what it said last. */
export function dismissReplaying(): void {
  if (!replaying?.running) set(undefined);
}

whenLeft(() => {
  controller?.abort();
  controller = undefined;
  set(undefined);
});

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const currentReplaying = (): Replaying | undefined => replaying;
export const useReplaying = (): Replaying | undefined => useSyncExternalStore(subscribe, currentReplaying);
