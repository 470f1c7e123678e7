import { useSyncExternalStore } from 'react';
import { preference, type Preference } from '../live/preference';

/** A statement that this person ran. */
export interface Past {
  sql: string;
  at_ms: number;
  /** Rows that came; nothing if it failed. */
  rows?: number;
}

/** What is kept: the newest statements that fit; long ones are not kept at all. */
const MOST = 50;
const MOST_CHARACTERS = 15_000;
const LONGEST = 4_000;

export function readHistory(text: string): Past[] {
  try {
    const kept: unknown = JSON.parse(text);
    if (!Array.isArray(kept)) return [];
    return kept.flatMap((one: unknown) => {
      const { sql, at_ms, rows } = (one ?? {}) as Partial<Past>;
      return typeof sql === 'string' && typeof at_ms === 'number' ? [{ sql, at_ms, ...(typeof rows === 'number' && { rows }) }] : [];
    });
  } catch {
    return [];
  }
}

/** `history` with `next` in front; the same statement stands in it once. */
export function withNewest(history: Past[], next: Past): Past[] {
  if (next.sql.length > LONGEST) return history;
  const all = [next, ...history.filter((past) => past.sql !== next.sql)].slice(0, MOST);
  while (all.length > 1 && JSON.stringify(all).length > MOST_CHARACTERS) all.pop();
  return all;
}

/** The history of one account in this browser. It may name patients, so it is never sent, and no other account is shown it. */
class History {
  private readonly kept: Preference<string>;
  private read: { text: string; past: Past[] } = { text: '[]', past: [] };

  constructor(account: string) {
    this.kept = preference<string>(`sql-history.${account}`, '[]', (text) => text);
  }

  readonly subscribe = (tell: () => void): (() => void) => this.kept.subscribe(tell);

  readonly get = (): Past[] => {
    const text = this.kept.get();
    if (text !== this.read.text) this.read = { text, past: readHistory(text) };
    return this.read.past;
  };

  remember(past: Past): void {
    this.kept.set(JSON.stringify(withNewest(this.get(), past)));
  }

  forget(): void {
    this.kept.set('[]');
  }
}

const histories = new Map<string, History>();

export function historyOf(account: string): History {
  const known = histories.get(account) ?? new History(account);
  histories.set(account, known);
  return known;
}

/** This person's statements, newest first. */
export function useHistory(account: string): Past[] {
  const history = historyOf(account);
  return useSyncExternalStore(history.subscribe, history.get);
}
