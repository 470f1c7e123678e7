import { useMemo, useRef, useState } from 'react';
import type { Chart } from '../../api/types';
import { useT } from '../../i18n';
import { useZone } from '../../live/session';
import { Empty } from '../../parts/Page';
import { useKeys, type Binding } from '../../shell/keys';
import type { ChartSearch } from '../../router';
import type { Change, OpenWhere } from '../ChartPage';
import { Labs } from '../Labs';
import { gridOf } from '../labs';
import type { Span } from './address';
import { stripsOf, type Strip } from './strips';
import { TimeAxis, useWidth } from './TimeAxis';
import { useTimeWindow, useWheel } from './useWindow';
import { PLOT, signsOf, VitalStrip, type Sign } from './VitalStrip';
import { WindowBar } from './WindowBar';
import { wholeOf, type Whole } from './window';
import './course.css';

const SPANS = ['24h', '7d'] as const satisfies readonly Span[];
const NOTHING: Whole = { from_ms: 0, to_ms: 0, newest_ms: 0 };
/** The width of a strip's head beside its drawing; on a phone it stands above. */
const HEAD_PX = 200;
const NARROW_PX = 620;

interface Props {
  chart: Chart;
  errors: boolean;
  search: ChartSearch;
  set: (change: Change) => void;
  openWhere: OpenWhere;
}

/** Vital signs over time, one above the other on one time axis; the same as a table by one button. */
export function VitalsTab({ chart, errors, search, set, openWhere }: Props) {
  const t = useT();
  const zone = useZone();
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [cursor_ms, setCursor] = useState<number>();
  const strips = useMemo(() => stripsOf(gridOf(chart, errors, 'vitals', zone).groups.flatMap((group) => group.rows), zone), [chart, errors, zone]);
  const at_ms = useMemo(() => strips.flatMap((strip) => strip.stops.map((stop) => stop.at_ms)), [strips]);
  const all = useMemo(() => wholeOf(at_ms) ?? NOTHING, [at_ms]);
  const newest = useMemo(() => newestOf(strips), [strips]);
  const timeWindow = useTimeWindow({ all, at_ms, spans: SPANS, search, set });
  const asTable = search.view === 'table' || strips.length === 0;
  const plot = Math.max(220, width < NARROW_PX ? width : width - HEAD_PX);
  useWheel(place, timeWindow, all, PLOT);
  const { view } = search;
  const keys = useMemo<Binding[]>(() => [{ does: 'course.table', run: () => set({ view: view === 'table' ? undefined : 'table' }) }], [set, view]);
  useKeys(keys);

  const { window } = timeWindow;
  const signs = useMemo(() => new Set(strips.flatMap(({ stops }) => stops.flatMap(({ points, wrong }) => points.flatMap((point) => signsOf(point, wrong))))), [strips]);
  const hasBand = strips.some(({ series }) => series.some(({ range }) => range?.low !== undefined || range?.high !== undefined));

  if (strips.length === 0 && !chart.tests.some((test) => test.category === 'vital-signs')) {
    return (
      <Empty title={t('course.none.title')}>
        <p>{t('course.none.text')}</p>
      </Empty>
    );
  }
  return (
    <div className="course" ref={place} data-narrow={width < NARROW_PX ? '' : undefined}>
      <WindowBar spans={SPANS} timeWindow={timeWindow} asTable={asTable} onTable={() => set({ view: asTable ? undefined : 'table' })} newest={newest} />
      {asTable ? (
        <Labs chart={chart} part="vitals" errors={errors} search={search} set={set} openWhere={openWhere} />
      ) : (
        <>
          <div className="strips">
            {strips.map((strip) => (
              <VitalStrip key={strip.key} strip={strip} window={window} width={plot} cursor_ms={cursor_ms} onCursor={setCursor} openWhere={openWhere} />
            ))}
            <TimeAxis window={window} width={plot} box={PLOT} />
          </div>
          <Legend signs={signs} hasBand={hasBand} />
        </>
      )}
    </div>
  );
}

function newestOf(strips: Strip[]): { at: string; at_ms: number } | undefined {
  let best: { at: string; at_ms: number } | undefined;
  for (const { stops } of strips) {
    const last = stops.findLast(({ wrong }) => !wrong);
    const at = last?.points[0]?.result.at;
    if (last && at !== undefined && (!best || last.at_ms > best.at_ms)) best = { at, at_ms: last.at_ms };
  }
  return best;
}

const SIGNS: Record<Sign, string> = {
  high: 'M2 12L14 12L8 3Z',
  low: 'M2 4L14 4L8 13Z',
  corrected: 'M5.5 8a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0ZM2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z',
  preliminary: 'M4 8a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  wrong: 'M4 4L12 12M4 12L12 4',
};

/** What the signs mean that are in view, and how the charts are moved. */
function Legend({ signs, hasBand }: { signs: ReadonlySet<Sign>; hasBand: boolean }) {
  const t = useT();
  return (
    <div className="course-legend muted">
      {(Object.keys(SIGNS) as Sign[])
        .filter((sign) => signs.has(sign))
        .map((sign) => (
          <span key={sign}>
            <svg width={16} height={16} aria-hidden data-sign={sign}>
              <path d={SIGNS[sign]} />
            </svg>
            {t(`course.sign.${sign}`)}
          </span>
        ))}
      {hasBand && (
        <span>
          <i className="course-band" aria-hidden />
          {t('course.sign.band')}
        </span>
      )}
      <span>{t('course.gaps')}</span>
      <span>{t('course.wheel')}</span>
    </div>
  );
}
