import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from 'react';
import type { ChartSearch } from '../../router';
import { useKeys, type Binding } from '../../shell/keys';
import { fromAddress, toAddress, type Span } from './address';
import type { Margins } from './TimeAxis';
import { clamp, firstSpan, isAll, pan, windowOf, zoom, type Whole, type Window } from './window';

type Set = (change: { span?: Span | undefined; from?: string | undefined; to?: string | undefined }) => void;

interface Wanted {
  /** Everything there is. */
  all: Whole;
  /** The stretches that there are buttons for. */
  spans: readonly Span[];
  /** Moments that decide with which of them one begins; without any, with all. */
  at_ms?: readonly number[];
  search: ChartSearch;
  set: Set;
}

export interface TimeWindow {
  window: Window;
  /** The button whose stretch is shown, if it is one's. */
  span: Span | undefined;
  choose: (span: Span) => void;
  /** Nearer or farther, around a moment or the middle. */
  zoomBy: (factor: number, around_ms?: number) => void;
  panBy: (part: number) => void;
}

const NONE: readonly number[] = [];
/** An address is not written anew with each notch of a wheel: browsers refuse that. */
const SETTLED_MS = 250;
const NEARER = 1 / 1.5;
const FARTHER = 1.5;

/** The stretch of time that is looked at: it stands in the address, and wheel, keys and buttons change it. */
export function useTimeWindow({ all, at_ms = NONE, spans, search, set }: Wanted): TimeWindow {
  const [moved, setMoved] = useState<{ window: Window; from: string }>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [from_ms, to_ms] = [fromAddress(search.from), fromAddress(search.to)];
  const first = useMemo(() => firstSpan(spans, at_ms, all), [spans, at_ms, all]);
  const chosen = from_ms !== undefined && to_ms !== undefined && from_ms < to_ms ? clamp({ from_ms, to_ms }, all) : undefined;
  // What the address says counts as soon as it says something else than when the moving began.
  const address = `${search.from} ${search.to} ${search.span}`;
  const moving = moved?.from === address ? moved.window : undefined;
  const span = moving || chosen ? undefined : search.span && (search.span === 'all' || spans.includes(search.span)) ? search.span : first;
  const window = moving ?? chosen ?? windowOf(span ?? 'all', all);

  useEffect(() => () => clearTimeout(timer.current), []);

  const latest = useRef(window);
  useLayoutEffect(() => {
    latest.current = window;
  }, [window]);
  const go = useCallback(
    (next: Window) => {
      latest.current = next;
      setMoved({ window: next, from: address });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        if (isAll(next, all)) set({ span: 'all', from: undefined, to: undefined });
        else set({ span: undefined, from: toAddress(next.from_ms), to: toAddress(next.to_ms) });
      }, SETTLED_MS);
    },
    [all, set, address],
  );
  const choose = useCallback(
    (one: Span) => {
      clearTimeout(timer.current);
      setMoved(undefined);
      set({ span: one, from: undefined, to: undefined });
    },
    [set],
  );
  const zoomBy = useCallback(
    (factor: number, around_ms?: number) => go(zoom(latest.current, factor, around_ms ?? (latest.current.from_ms + latest.current.to_ms) / 2, all)),
    [go, all],
  );
  const panBy = useCallback((part: number) => go(pan(latest.current, part, all)), [go, all]);

  const keys = useMemo<Binding[]>(
    () => [
      { does: 'course.nearer', run: () => zoomBy(NEARER) },
      { does: 'course.farther', run: () => zoomBy(FARTHER) },
      { does: 'course.earlier', run: () => panBy(-0.5) },
      { does: 'course.later', run: () => panBy(0.5) },
    ],
    [zoomBy, panBy],
  );
  useKeys(keys);
  return { window, span, choose, zoomBy, panBy };
}

/** The share of a drawing's width at which a pointer is: 0 where its time begins, 1 where it ends. Beside drawings there is none. */
function shareOf({ clientX, target }: WheelEvent, { left, right }: Margins): number | undefined {
  const box = target instanceof Element ? target.closest('[data-plot]')?.getBoundingClientRect() : undefined;
  if (!box) return undefined;
  return Math.max(0, Math.min(1, (clientX - box.left - left) / (box.width - left - right)));
}

/**
 * The wheel over drawings of time: nearer and farther around the moment under the pointer, sideways earlier and later. Where everything
 * is shown there is no farther, and the page scrolls.
 */
export function useWheel(place: RefObject<HTMLElement | null>, { window, zoomBy, panBy }: TimeWindow, all: Window, box: Margins): void {
  const now = useRef({ window, all, box });
  useLayoutEffect(() => {
    now.current = { window, all, box };
  }, [window, all, box]);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) return;
      const seen = now.current;
      const share = shareOf(event, seen.box);
      if (share === undefined) return;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        panBy(event.deltaX / 600);
        return;
      }
      if (event.deltaY === 0 || (event.deltaY > 0 && isAll(seen.window, seen.all))) return;
      event.preventDefault();
      const factor = Math.exp(Math.max(-0.4, Math.min(0.4, event.deltaY / 300)));
      zoomBy(factor, seen.window.from_ms + share * (seen.window.to_ms - seen.window.from_ms));
    };
    // React listens passively, and then nothing keeps the page from scrolling too.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [place, zoomBy, panBy]);
}
