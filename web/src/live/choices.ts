import { useEffect } from 'react';
import { json } from '../api/client';
import type { Choices, Me } from '../api/types';
import { chooseLanguage, LANGUAGES, useChosenLanguage, type Language } from '../i18n';
import { setSingleKeys, useSingleKeys } from '../shell/keymap';
import { chooseTheme, THEMES, useTheme } from './theme';

/** Stands for all single-letter keys. */
const ALL_KEYS = '*';

/** What the account has, as far as it is known; what equals it is not sent again. */
let kept: string | undefined;

const asText = (choices: Choices): string => JSON.stringify([choices.language, choices.theme, choices.keys_off]);

let wanted: Choices | undefined;
let sending = false;

/** Sends one at a time, and of those that were made meanwhile only the last: none arrives after a newer one. */
async function keep(choices: Choices): Promise<void> {
  wanted = choices;
  if (sending) return;
  sending = true;
  while (wanted) {
    const body: Choices = wanted;
    wanted = undefined;
    await json('/api/me', { method: 'PUT', body }).catch(() => undefined);
  }
  sending = false;
}

/** Takes over what this person chose, in whatever browser it was. */
export async function applyChoices(): Promise<void> {
  try {
    const { choices } = await json<Me>('/api/me');
    kept = asText(choices);
    const language = Object.keys(LANGUAGES).find((tag) => tag === choices.language);
    if (language) chooseLanguage(language as Language);
    const theme = THEMES.find((name) => name === choices.theme);
    if (theme) chooseTheme(theme);
    // All are kept together: whoever chose a language chose whether there are keys.
    if (language) setSingleKeys(!(choices.keys_off ?? []).includes(ALL_KEYS));
  } catch {
    // Who is let in is let in: the browser's own choices hold.
  }
}

/** Keeps with the account what is chosen while somebody is signed in. */
export function useKeptChoices(signedIn: boolean): void {
  const language = useChosenLanguage();
  const theme = useTheme();
  const single = useSingleKeys();
  useEffect(() => {
    if (!signedIn) return;
    const choices: Choices = { language, theme, keys_off: single ? [] : [ALL_KEYS] };
    const text = asText(choices);
    // Nothing is known after a reload: what the browser has then is what was chosen, and is not sent.
    if (kept !== undefined && kept !== text) void keep(choices);
    kept = text;
  }, [signedIn, language, theme, single]);
}
