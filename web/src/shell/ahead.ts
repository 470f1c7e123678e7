import { useEffect } from 'react';

/** Not at once: what the page itself needs comes first. */
const AFTER_MS = 1_500;

/**
 * Fetches the parts that are shown only later: a menu, the lock or the way to a value's bytes must not wait for a server that is away,
 * or is of another build by then.
 */
export function useAhead(): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const part of [
        () => import('./PopMenu'),
        () => import('./LockScreen'),
        () => import('./KeysHelp'),
        () => import('../chart/ChartPage'),
        () => import('../parts/WhereFrom'),
        () => import('../parts/Cells'),
        () => import('../parts/Trend'),
      ]) {
        // What cannot be had now is asked for again where it is needed.
        part().catch(() => undefined);
      }
    }, AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}
