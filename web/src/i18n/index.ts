import { IntlMessageFormat } from 'intl-messageformat';
import { useSyncExternalStore } from 'react';
import english from './en.json';
import { preference } from '../live/preference';

/** Languages of the pages, by BCP 47 tag. */
export const LANGUAGES = { en: 'English', 'zh-Hans': '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

/** A message of the catalogue. */
export type Key = keyof typeof english;
export type Values = Record<string, string | number>;
export type Translate = (key: Key, values?: Values) => string;

const catalogues = new Map<Language, Record<Key, string>>([['en', english]]);
const formats = new Map<string, IntlMessageFormat>();
const chosen = preference<Language>('language', guess(), (text) => (text in LANGUAGES ? (text as Language) : undefined));

function guess(): Language {
  const wanted = globalThis.navigator?.languages ?? [];
  const first = wanted.find((tag) => /^(en|zh)\b/i.test(tag));
  return first?.toLowerCase().startsWith('zh') ? 'zh-Hans' : 'en';
}

let shown: Language = 'en';
const listeners = new Set<() => void>();

/** Loads the catalogue of the chosen language, then shows it. English is always there. */
async function showChosen(): Promise<void> {
  const language = chosen.get();
  if (!catalogues.has(language)) {
    const { default: messages } = await import('./zh-Hans.json');
    catalogues.set(language, messages);
  }
  // Another may have been chosen while this one was on its way.
  if (language !== chosen.get() || language === shown) return;
  shown = language;
  document.documentElement.lang = language;
  for (const tell of listeners) tell();
}

/** Shows `language` now and whenever this browser comes back. Without a way to its catalogue the page stays in the one it has. */
export function chooseLanguage(language: Language): void {
  chosen.set(language);
}

/** Shows the language of this browser, and from then on whichever is chosen, here or in another tab. */
export async function startLanguage(): Promise<void> {
  chosen.subscribe(() => void showChosen().catch(() => undefined));
  await showChosen();
}

/** A message of a catalogue: of all pages, or one that a page has for itself, whose keys are of its own. */
export function format<K extends string>(language: Language, messages: Record<K, string>, key: K, values?: Values): string {
  const id = `${language} ${key}`;
  let message = formats.get(id);
  if (!message) {
    message = new IntlMessageFormat(messages[key], language, undefined, { ignoreTag: true });
    formats.set(id, message);
  }
  return String(message.format(values));
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => shown);
}

/** What was chosen, also while its catalogue is on its way. */
export const useChosenLanguage = (): Language => useSyncExternalStore(chosen.subscribe, chosen.get);

/** Whether the catalogues have words for a code of the server; one that is newer than the pages has none. */
export const isKnown = (key: string): boolean => key in english;

/** A FHIR code as the value of a `select`, whose branches cannot have hyphens in their names; `code` for the branch `other`. */
export function choice<Name extends string>(name: Name, code: string): Record<Name | 'code', string> {
  return { [name]: code.replaceAll('-', '_'), code } as Record<Name | 'code', string>;
}

/** The translating function of the language shown; components that use it draw again when the language changes. */
export function useT(): Translate {
  return translator(useLanguage());
}

const translators = new Map<Language, Translate>();

export function translator(language: Language): Translate {
  let t = translators.get(language);
  if (!t) {
    t = (key, values) => format(language, catalogues.get(language) ?? english, key, values);
    translators.set(language, t);
  }
  return t;
}
