import { useEffect, useLayoutEffect, useRef } from 'react';
import { keysOf, singleKeys, type Action } from './keymap';
import type { Key } from '../i18n';

/** What a key does on this page: an action whose keys a person may choose, or a key that is the same everywhere. */
export type Binding = { does: Action; run: () => void } | { fixed: 'Escape' | 'ArrowDown' | 'ArrowUp'; does: Key; run: () => void };

/** The key, or two in a row (`g p`), of a binding. */
export const keysOfBinding = (binding: Binding): string => ('fixed' in binding ? binding.fixed : keysOf(binding.does));

/** How long the second key of a pair is waited for. */
const PAIR_MS = 1_000;

/** The newest comes first, so that a panel's `Escape` goes before the page's. */
let bound: Binding[][] = [];

export const allBindings = (): Binding[] => bound.flat();

/** Inputs that take no letters: the keys of the page hold on them too. */
const WITHOUT_TEXT = new Set(['checkbox', 'radio', 'button', 'submit', 'reset', 'range']);

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !WITHOUT_TEXT.has(target.type);
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

let first = '';
let first_ms = 0;

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const letter = event.key.length === 1;
  const arrow = event.key.startsWith('Arrow');
  if (typing(event.target) && (letter || arrow)) return;
  if (arrow && event.target instanceof HTMLInputElement) return;
  if (letter && !singleKeys()) return;
  // A dialog keeps all keys to itself, wherever the focus is, and a menu its own.
  if (document.querySelector('[data-modal]') || (event.target instanceof Element && event.target.closest('[role="menu"]'))) return;
  const pair = first && event.timeStamp - first_ms < PAIR_MS ? `${first} ${event.key}` : '';
  first = '';
  const all = allBindings();
  const match = all.find((b) => keysOfBinding(b) === pair) ?? all.find((b) => keysOfBinding(b) === event.key);
  if (match) {
    event.preventDefault();
    match.run();
  } else if (all.some((b) => keysOfBinding(b).startsWith(`${event.key} `))) {
    first = event.key;
    first_ms = event.timeStamp;
  }
}

export const startKeys = (): void => globalThis.addEventListener('keydown', onKey);

/** Binds keys while the component is on the page, from the moment that it is seen. */
export function useKeys(bindings: Binding[]): void {
  useLayoutEffect(() => {
    bound = [bindings, ...bound];
    return () => {
      bound = bound.filter((b) => b !== bindings);
    };
  }, [bindings]);
}

/** Moves focus among the elements of `selector` on the page: what `j` and `k` do in lists. */
export function moveFocus(selector: string, by: 1 | -1): void {
  const items = [...document.querySelectorAll<HTMLElement>(selector)].filter((item) => item.offsetParent !== null);
  const at = items.findIndex((item) => item === document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by));
  items[next]?.focus();
  items[next]?.scrollIntoView({ block: 'nearest' });
}

/** When a panel is gone, by whatever way, focus goes back to what opened it: `opener` is its selector while the panel is open, else empty. */
export function useFocusBack(opener: string, within?: string): void {
  const before = useRef('');
  useEffect(() => {
    if (!opener && before.current) {
      const found = document.querySelector<HTMLElement>(before.current);
      (within ? found?.closest<HTMLElement>(within) : found)?.focus();
    }
    before.current = opener;
  }, [opener, within]);
}
