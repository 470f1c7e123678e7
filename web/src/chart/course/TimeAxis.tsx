import { useEffect, useMemo, useState, type RefObject } from 'react';
import { useLanguage } from '../../i18n';
import { useZone } from '../../live/session';
import { anchorOf, timeMarks, type TimeMark } from '../../parts/marks';
import { scaleOf } from '../../parts/scale';
import type { Window } from './window';

/** What of a drawing's width is not time. */
export interface Margins {
  left: number;
  right: number;
}

/** The marks of the time axis of drawings that are `width` wide, with their places. */
export function useMarks(window: Window, width: number, box: Margins): (TimeMark & { x: number; anchor: 'start' | 'middle' | 'end' })[] {
  const language = useLanguage();
  const zone = useZone();
  return useMemo(() => {
    const scale = scaleOf([], undefined, undefined, { left: box.left, right: Math.max(box.left + 40, width - box.right), top: 0, bottom: 0 }, 0, window);
    return timeMarks(language, zone, scale).map((mark) => ({ ...mark, x: scale.x(mark.at_ms), anchor: anchorOf(scale, mark.at_ms) }));
  }, [window, width, box, language, zone]);
}

/** The words of the time axis that drawings above share; they stay in view. */
export function TimeAxis({ window, width, box }: { window: Window; width: number; box: Margins }) {
  const marks = useMarks(window, width, box);
  return (
    <div className="strip-axis" aria-hidden>
      <svg width={width} height={36}>
        {marks.map(({ at_ms, lines, x, anchor }) =>
          lines.map((line, n) => (
            <text key={`${at_ms} ${line}`} x={x} y={14 + n * 15} textAnchor={anchor}>
              {line}
            </text>
          )),
        )}
      </svg>
    </div>
  );
}

/** The width of an element, as it is now. */
export function useWidth(place: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(960);
  useEffect(() => {
    if (!place.current) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [place]);
  return width;
}
