import { useEffect } from 'react';
import { Cells, ChartPage, Trend, WhereFrom } from '../fetched';

/** Not at once: what the page itself needs comes first. */
const AFTER_MS = 1_500;

/**
 * Fetches the parts that are shown only later: the way to a value's bytes must not wait for a server that is away, or is of another build by then.
 */
export function useAhead(): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const part of [ChartPage, WhereFrom, Cells, Trend]) void part.preload();
    }, AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}
