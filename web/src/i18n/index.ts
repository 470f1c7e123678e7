import { useSyncExternalStore } from 'react';
import { whenBack } from '../live/connection';
import { preference } from '../live/preference';
import { reach } from '../live/reach';
import { message, type Values } from './message';
import { ALWAYS, LANGUAGES, ROOMS, type Key, type Language, type Room } from './rooms';

export { LANGUAGES, type Key, type Language, type Room, type Values };
export type Translate = (key: Key, values?: Values) => string;

/** What was fetched of the catalogues. */
const texts: Record<Language, Partial<Record<Key, string>>> = { en: { ...ALWAYS }, 'zh-Hans': {} };
const fetched: Record<Language, Set<Room>> = { en: new Set(['core']), 'zh-Hans': new Set() };
/** What the pages said so far: another language has it all before it is shown. */
const wanted = new Set<Room>(['core']);

const chosen = preference<Language>('language', guess(), (text) => (text in LANGUAGES ? (text as Language) : undefined));

function guess(): Language {
  const languages = globalThis.navigator?.languages ?? [];
  const first = languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return first?.toLowerCase().startsWith('zh') ? 'zh-Hans' : 'en';
}

let shown: Language = 'en';
const listeners = new Set<() => void>();

const lacks = (language: Language): Room[] => [...wanted].filter((room) => !fetched[language].has(room));

/** Fetches what is wanted and not there yet of a language. */
async function complete(language: Language): Promise<void> {
  for (let rooms = lacks(language); rooms.length > 0; rooms = lacks(language)) {
    await Promise.all(
      rooms.map(async (room) => {
        Object.assign(texts[language], (await ROOMS[language][room]()).default);
        fetched[language].add(room);
      }),
    );
  }
}

/** Fetches what a part of the pages says, in the language shown: whoever shows the part waits for it. */
export async function fetchTexts(rooms: readonly Room[]): Promise<void> {
  for (const room of rooms) wanted.add(room);
  await complete(shown);
}

/** Shows the chosen language as soon as all is there that the pages say. */
async function showChosen(): Promise<void> {
  const language = chosen.get();
  await complete(language);
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
  const show = () => void (lacks(chosen.get()).length > 0 ? reach() : Promise.resolve()).then(showChosen).catch(() => undefined);
  chosen.subscribe(show);
  // One that was chosen while the server was away.
  whenBack(() => chosen.get() !== shown && show());
  await showChosen();
}

const messages: Record<Language, Map<string, (values?: Values) => string>> = { en: new Map(), 'zh-Hans': new Map() };

/** A message of a catalogue: of all pages, or one that a page has for itself. */
export function format(language: Language, text: string, values?: Values): string {
  let say = messages[language].get(text);
  if (!say) {
    say = message(text, language);
    messages[language].set(text, say);
  }
  return say(values);
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
export const isKnown = (key: string): boolean => key in texts[shown];

/** A sentence of the server: its code with what it names, and the same in English. */
export interface Said {
  values: object;
  text: string;
}

/** What the server says, by the message `key` of its code; in English where the pages have no words for it. */
export const say = (t: Translate, key: string, { values, text }: Said): string => (isKnown(key) ? t(key as Key, values as Values) : text);

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
    t = (key, values) => format(language, texts[language][key] ?? texts.en[key] ?? key, values);
    translators.set(language, t);
  }
  return t;
}
