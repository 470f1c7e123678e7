import { useSyncExternalStore } from 'react';
import { preference } from './preference';

export const THEMES = ['system', 'light', 'dark', 'night'] as const;
export type Theme = (typeof THEMES)[number];

const chosen = preference<Theme>('theme', 'system', (text) => THEMES.find((theme) => theme === text));

function apply(): void {
  const theme = chosen.get();
  const light = globalThis.matchMedia('(prefers-color-scheme: light)').matches;
  document.documentElement.dataset['theme'] = theme === 'system' ? (light ? 'light' : 'dark') : theme;
}

/** Puts the chosen theme on the page and follows the system's when that is the choice. */
export function startTheme(): void {
  apply();
  globalThis.matchMedia('(prefers-color-scheme: light)').addEventListener('change', apply);
  chosen.subscribe(apply);
}

export const chooseTheme = (theme: Theme): void => chosen.set(theme);

/** The next theme in the order of the menu: what the key `t` does. */
export function nextTheme(): void {
  chosen.set(THEMES[(THEMES.indexOf(chosen.get()) + 1) % THEMES.length] ?? 'system');
}

export const useTheme = (): Theme => useSyncExternalStore(chosen.subscribe, chosen.get);
