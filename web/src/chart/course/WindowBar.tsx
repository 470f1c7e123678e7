import { useLanguage, useT } from '../../i18n';
import { useZone } from '../../live/session';
import { formatMoment } from '../../parts/time';
import { Ago, When } from '../../parts/When';
import { keysOf } from '../../shell/keymap';
import type { Span } from './address';
import type { TimeWindow } from './useWindow';

interface Props {
  spans: readonly Span[];
  timeWindow: TimeWindow;
  asTable: boolean;
  onTable: () => void;
  /** The newest moment as its source wrote it, and its place in time. */
  newest?: { at: string; at_ms: number } | undefined;
}

/** Which stretch of time is looked at, the ways to another, and the way to the same as a table. */
export function WindowBar({ spans, timeWindow, asTable, onTable, newest }: Props) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const { window, span, choose, zoomBy, panBy } = timeWindow;
  const words = (at_ms: number) => formatMoment(language, new Date(at_ms).toISOString(), zone, window.to_ms - window.from_ms > 60 * 24 * 3_600_000 ? 'day' : 'full');
  const step = (does: 'course.earlier' | 'course.later' | 'course.nearer' | 'course.farther', sign: string, run: () => void) => (
    <button type="button" className="button course-step" aria-label={t(does)} title={`${t(does)} (${keysOf(does)})`} onClick={run}>
      <span aria-hidden>{sign}</span>
    </button>
  );
  return (
    <div className="course-bar">
      {!asTable && (
        <>
          <div className="course-group" role="group" aria-label={t('course.spans')}>
            {[...spans, 'all' as const].map((one) => (
              <button key={one} type="button" className="button" aria-pressed={span === one} onClick={() => choose(one)}>
                {t(`course.span.${one}`)}
              </button>
            ))}
          </div>
          <div className="course-group" role="group" aria-label={t('course.move')}>
            {step('course.earlier', '‹', () => panBy(-0.5))}
            {step('course.later', '›', () => panBy(0.5))}
            {step('course.nearer', '+', () => zoomBy(1 / 1.5))}
            {step('course.farther', '−', () => zoomBy(1.5))}
          </div>
          <span className="course-window" role="status">
            {words(window.from_ms)} – {words(window.to_ms)}
          </span>
        </>
      )}
      <span className="course-newest muted">
        {newest && (
          <>
            {t('course.newest')} <When at={newest.at} /> (<Ago at_ms={newest.at_ms} />)
          </>
        )}
      </span>
      <button type="button" className="button" aria-pressed={asTable} title={`${t('course.table')} (${keysOf('course.table')})`} onClick={onTable}>
        {t('course.table')}
      </button>
    </div>
  );
}
