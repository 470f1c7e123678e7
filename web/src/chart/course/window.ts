import { SPANS, type Span } from './address';

/** A stretch of time that is looked at; ms since 1970. */
export interface Window {
  from_ms: number;
  to_ms: number;
}

/** Nothing is measured so often that less of time would show more. */
const LEAST_MS = 10 * 60_000;
/** Moments that make a stretch worth to begin with. */
const ENOUGH = 3;

/** Of a stretch's length, what is left free after the newest value. */
const ROOM = 0.02;

/** Everything there is. */
export interface Whole extends Window {
  newest_ms: number;
}

/** The stretch that a button shows. */
export function windowOf(span: Span, all: Whole): Window {
  if (span === 'all') return all;
  const to_ms = all.newest_ms + SPANS[span] * ROOM;
  return { from_ms: to_ms - SPANS[span], to_ms };
}

/** What is shown at first: the shortest stretch with some moments in it, so that a ward's patient begins with the last day and an old record with all. */
export function firstSpan(spans: readonly Span[], at_ms: readonly number[], all: Whole): Span {
  return (
    spans.find((span) => {
      const { from_ms } = windowOf(span, all);
      return new Set(at_ms.filter((one) => one >= from_ms)).size >= ENOUGH;
    }) ?? 'all'
  );
}

/** `window` within everything there is, and no shorter than makes sense. */
export function clamp({ from_ms, to_ms }: Window, all: Window): Window {
  const whole = all.to_ms - all.from_ms;
  const length = Math.min(whole, Math.max(Math.min(LEAST_MS, whole), to_ms - from_ms));
  const begin = Math.max(all.from_ms, Math.min(all.to_ms - length, from_ms));
  return { from_ms: begin, to_ms: begin + length };
}

/** Nearer (`factor` below 1) or farther; the moment `at_ms` keeps its place. */
export function zoom({ from_ms, to_ms }: Window, factor: number, at_ms: number, all: Window): Window {
  const length = Math.max(LEAST_MS, (to_ms - from_ms) * factor);
  const share = to_ms === from_ms ? 0.5 : (at_ms - from_ms) / (to_ms - from_ms);
  const begin = at_ms - share * length;
  return clamp({ from_ms: begin, to_ms: begin + length }, all);
}

/** Earlier (`by` below 0) or later, by a part of what is shown. */
export function pan({ from_ms, to_ms }: Window, by: number, all: Window): Window {
  const step = (to_ms - from_ms) * by;
  return clamp({ from_ms: from_ms + step, to_ms: to_ms + step }, all);
}

export const isAll = (window: Window, all: Window): boolean => window.from_ms <= all.from_ms && window.to_ms >= all.to_ms;

/** Everything there is, with some room at its ends so that no mark lies on an edge. */
export function wholeOf(at_ms: readonly number[]): Whole | undefined {
  let [from_ms, to_ms] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const one of at_ms) {
    from_ms = Math.min(from_ms, one);
    to_ms = Math.max(to_ms, one);
  }
  if (from_ms > to_ms) return undefined;
  const room = Math.max((to_ms - from_ms) * ROOM, LEAST_MS);
  return { from_ms: from_ms - room, to_ms: to_ms + room, newest_ms: to_ms };
}
