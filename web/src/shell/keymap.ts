import { useSyncExternalStore } from 'react';
import type { Key } from '../i18n';
import { preference } from '../live/preference';

/** Everything that a key does, by the words for it, with the keys it has at first: one, or two in a row. */
export const ACTIONS = {
  'place.patients': 'g p',
  'place.sql': 'g s',
  'place.sources': 'g o',
  'place.quality': 'g q',
  'place.intake': 'g i',
  'place.admin': 'g a',
  'place.me': 'g m',
  'keys.search': '/',
  'keys.help': '?',
  'keys.theme': 't',
  'keys.next': 'j',
  'keys.previous': 'k',
  'keys.nextPatient': ']',
  'keys.previousPatient': '[',
  'keys.where': 'w',
  'chart.summary': '1',
  'chart.labs': '2',
  'chart.vitals': '3',
  'chart.notes': 'c n',
  'chart.medications': 'c m',
  'chart.print': 'c p',
  'course.nearer': 'z',
  'course.farther': 'o',
  'course.earlier': '<',
  'course.later': '>',
  'course.table': 'c t',
  'chart.other': '4',
  'chart.encounters': '5',
  'source.deliveries': '6',
  'source.tables': '7',
  'source.mapping': '8',
  'source.runs': '9',
  'source.codes': '0',
  'source.letters': '-',
  'sql.toEditor': 'e',
  'admin.people': 'a p',
  'admin.tokens': 'a t',
  'admin.senders': 'a s',
  'admin.audit': 'a u',
  'admin.health': 'a h',
  'admin.about': 'a b',
  'intake.senders': 'i s',
  'intake.live': 'i l',
  'intake.refused': 'i r',
  'intake.same': 'i p',
  'log.hold': 'h',
  'letter.edit': 'f',
  'letter.try': 'v',
  'letter.replay': 'r',
  'letter.alike': 'l',
  'letter.discard': 'x',
  'letter.raw': 'd',
  'same.yes': 'y',
  'same.no': 'n',
  'keys.make': '+',
  'keys.undo': 'u',
} as const satisfies Partial<Record<Key, string>>;
export type Action = keyof typeof ACTIONS;

type Own = Partial<Record<Action, string>>;

/** One character, or two with a blank between them. */
export const isKeys = (text: string): boolean => /^\S( \S)?$/u.test(text);

/** What was kept, without what no action or key is any more. */
export function readOwn(text: string): Own {
  const own: Own = {};
  try {
    const kept = JSON.parse(text) as Record<string, unknown>;
    for (const action of Object.keys(ACTIONS) as Action[]) {
      const keys = kept[action];
      if (typeof keys === 'string' && isKeys(keys)) own[action] = keys;
    }
  } catch {
    // What cannot be read is as if it had never been chosen.
  }
  return own;
}

const kept = preference<string>('keys', '{}', (text) => text);
let read: { text: string; own: Own } = { text: '{}', own: {} };

function chosenKeys(): Own {
  const text = kept.get();
  if (text !== read.text) read = { text, own: readOwn(text) };
  return read.own;
}

/** The keys of an action: this browser's own, else those it has at first. */
export const keysOf = (action: Action): string => chosenKeys()[action] ?? ACTIONS[action];

/** The other action that `keys` would hinder: the same keys, or one that begins with them. */
export function conflict(action: Action, keys: string): Action | undefined {
  const begins = (a: string, b: string) => a === b || a.startsWith(`${b} `);
  return (Object.keys(ACTIONS) as Action[]).find((other) => other !== action && (begins(keysOf(other), keys) || begins(keys, keysOf(other))));
}

export const setKeys = (action: Action, keys: string): void => kept.set(JSON.stringify({ ...chosenKeys(), [action]: keys }));
export const resetKeys = (): void => kept.set('{}');
export const useOwnKeys = (): Own => useSyncExternalStore(kept.subscribe, chosenKeys);

const single = preference<'on' | 'off'>('single-keys', 'on', (text) => (text === 'on' || text === 'off' ? text : undefined));
export const singleKeys = (): boolean => single.get() === 'on';
export const useSingleKeys = (): boolean => useSyncExternalStore(single.subscribe, singleKeys);
export const setSingleKeys = (on: boolean): void => single.set(on ? 'on' : 'off');
