/** A choice of this browser's user, kept in local storage where the browser allows it. */
export interface Preference<T> {
  get: () => T;
  set: (value: T) => void;
  subscribe: (tell: () => void) => () => void;
}

/** Keeps `name`, `fallback` until something is chosen. `read` refuses text that is no choice any more. */
export function preference<T extends string>(
  name: string,
  fallback: T,
  read: (text: string) => T | undefined,
): Preference<T> {
  const key = `medweave.${name}`;
  const listeners = new Set<() => void>();
  let value: T | undefined;
  // What is chosen in another tab holds in this one: each tab that kept its own would overwrite what the others keep.
  globalThis.addEventListener?.('storage', (event) => {
    if (event.key !== key && event.key !== null) return;
    value = undefined;
    for (const tell of listeners) tell();
  });
  return {
    get() {
      if (value === undefined) {
        value = fallback;
        try {
          const kept = globalThis.localStorage?.getItem(key);
          if (kept) value = read(kept) ?? fallback;
        } catch {
          // Storage is off: the choice holds for this visit.
        }
      }
      return value;
    },
    set(next) {
      value = next;
      try {
        globalThis.localStorage?.setItem(key, next);
      } catch {
        // As above.
      }
      for (const tell of listeners) tell();
    },
    subscribe(tell) {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
  };
}
