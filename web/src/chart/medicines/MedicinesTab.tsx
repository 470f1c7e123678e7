import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { Chart } from '../../api/types';
import { choice, useLanguage, useT, type Language, type Translate } from '../../i18n';
import { useFollow } from '../../live/follow';
import { useZone } from '../../live/session';
import { Failure } from '../../parts/Failure';
import { Empty } from '../../parts/Page';
import { formatMoment } from '../../parts/time';
import { Toggle } from '../../parts/Toggle';
import { Waiting } from '../../parts/Waiting';
import { Between, When } from '../../parts/When';
import type { ChartSearch } from '../../router';
import { useKeys, type Binding } from '../../shell/keys';
import { goingOn, isWithheld, step } from '../batch';
import type { Change, OpenWhere } from '../ChartPage';
import type { Span } from '../course/address';
import { TimeAxis, useMarks, useWidth } from '../course/TimeAxis';
import { useTimeWindow, useWheel } from '../course/useWindow';
import { WindowBar } from '../course/WindowBar';
import { wholeOf, type Whole, type Window } from '../course/window';
import { WrongMark } from '../Item';
import { tallMan } from '../tallMan';
import { firstSearches, lanesOf, medicinesOf, TYPES, type Bar, type Kind, type Line, type Medicines, wrongOf } from './bars';
import '../course/course.css';
import './medicines.css';

const SPANS = ['7d', '30d', '1y'] as const satisfies readonly Span[];
const NOTHING: Whole = { from_ms: 0, to_ms: 0, newest_ms: 0 };
const TRACK = { left: 14, right: 14 };
const HEAD_PX = 280;
const LANE_PX = 24;
/** The width of what can be pressed. */
const LEAST_PX = 24;
const NARROW_PX = 720;
/** Rows of the table at first, and by each further press. */
const ROWS = 200;

interface Props {
  chart: Chart;
  errors: boolean;
  search: ChartSearch;
  set: (change: Change) => void;
  openWhere: OpenWhere;
}

const nameIn = (language: Language, name: string): string => (language === 'en' ? tallMan(name) : name);

/** What somebody takes and took, over time: a bar from start to end for each order and statement, a mark for each time it was given. */
export function MedicinesTab({ chart, errors, search, set, openWhere }: Props) {
  const t = useT();
  const zone = useZone();
  const { id } = chart.patient;
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const more = useInfiniteQuery({
    queryKey: ['medicines', id],
    queryFn: ({ pageParam, signal }) => step(pageParam, signal),
    initialPageParam: firstSearches(id),
    getNextPageParam: goingOn,
  });
  useFollow(['medicines', id], { patient: id, types: TYPES.join(',') });
  const steps = useMemo(() => more.data?.pages ?? [], [more.data]);
  const medicines = useMemo(() => medicinesOf(chart, steps, errors, zone), [chart, steps, errors, zone]);
  const wrong = useMemo(() => wrongOf(chart, steps), [chart, steps]);
  const times = useMemo(() => medicines.lines.flatMap(({ bars }) => bars.flatMap(({ from_ms, to_ms }) => [from_ms, to_ms])), [medicines]);
  const starts = useMemo(() => medicines.lines.flatMap(({ bars }) => bars.map(({ from_ms }) => from_ms)), [medicines]);
  const all = useMemo(() => {
    const whole = wholeOf(times) ?? NOTHING;
    // A supply that lasts for weeks to come does not make them the last days.
    return { ...whole, newest_ms: Math.min(whole.newest_ms, Date.parse(chart.as_of) || whole.newest_ms) };
  }, [times, chart.as_of]);
  const timeWindow = useTimeWindow({ all, at_ms: starts, spans: SPANS, search, set });
  const track = Math.max(200, width < NARROW_PX ? width : width - HEAD_PX);
  useWheel(place, timeWindow, all, TRACK);
  const { view } = search;
  const nothing = medicines.lines.length === 0 && medicines.timeless.length === 0;
  const asTable = view === 'table' || medicines.lines.length === 0;
  const keys = useMemo<Binding[]>(() => [{ does: 'course.table', run: () => set({ view: view === 'table' ? undefined : 'table' }) }], [set, view]);
  useKeys(keys);
  const now = t(chart.patient.died ? 'medicines.death' : 'medicines.now');
  const withheld = TYPES.filter((_, n) => steps[0]?.[n] && isWithheld(steps[0][n]));
  return (
    <div className="course" ref={place} data-narrow={width < NARROW_PX ? '' : undefined}>
      {withheld.length > 0 && <p className="notice" data-kind="warn">{t('chart.withheld', { types: withheld.join(', ') })}</p>}
      {(wrong > 0 || errors) && (
        <p className="course-bar">
          <Toggle on={errors} onChange={(on) => set({ errors: on || undefined })}>
            {t('chart.showErrors', { count: wrong })}
          </Toggle>
        </p>
      )}
      {more.error && <Failure error={more.error} onRetry={() => void more.refetch()} />}
      {nothing && more.isPending && <Waiting lines={12} />}
      {nothing && !more.isPending && !more.error ? (
        <Empty title={t('medicines.none.title')}>
          <p>{t('medicines.none.text')}</p>
        </Empty>
      ) : (
        !nothing && (
          <>
            <WindowBar spans={SPANS} timeWindow={timeWindow} asTable={asTable} onTable={() => set({ view: asTable ? undefined : 'table' })} />
            {asTable ? <Table medicines={medicines} now={now} openWhere={openWhere} /> : <Lines lines={medicines.lines} window={timeWindow.window} track={track} now={now} openWhere={openWhere} />}
            {!asTable && medicines.timeless.length > 0 && <p className="muted">{t('medicines.timeless', { count: medicines.timeless.length })}</p>}
          </>
        )
      )}
      {more.hasNextPage && (
        <p>
          <button type="button" className="button" aria-disabled={more.isFetchingNextPage || undefined} onClick={() => !more.isFetchingNextPage && void more.fetchNextPage()}>
            {t('medicines.older')}
          </button>
        </p>
      )}
    </div>
  );
}

function Lines({ lines, window, track, now, openWhere }: { lines: Line[]; window: Window; track: number; now: string; openWhere: OpenWhere }) {
  const t = useT();
  const marks = useMarks(window, track, TRACK);
  const seen = lines.filter(({ bars }) => bars.some(({ from_ms, to_ms }) => to_ms >= window.from_ms && from_ms <= window.to_ms));
  const groups = [seen.filter(({ isVaccine }) => !isVaccine), seen.filter(({ isVaccine }) => isVaccine)];
  return (
    <>
      <div className="strips">
        {groups.map(
          (group, n) =>
            group.length > 0 && (
              <section key={n > 0 ? 'vaccines' : 'medicines'} aria-label={t(n > 0 ? 'medicines.vaccines' : 'medicines.medicines')}>
                {n > 0 && <h2 className="medicines-group">{t('medicines.vaccines')}</h2>}
                {group.map((line) => (
                  <Row key={line.key} line={line} window={window} track={track} openWhere={openWhere} marks={marks} now={now} />
                ))}
              </section>
            ),
        )}
        {lines.length > seen.length && <p className="medicines-outside muted">{t('medicines.outside', { count: lines.length - seen.length })}</p>}
        <TimeAxis window={window} width={track} box={TRACK} />
      </div>
      <Legend lines={seen} />
    </>
  );
}

/** A record in words: what it is, how far, how much, from when to when. */
function wordsOf(t: Translate, language: Language, zone: string, name: string, bar: Bar, now: string): string {
  const moment = (at: string) => formatMoment(language, at, zone, bar.kind === 'given' ? 'full' : 'day');
  const until = bar.until !== undefined ? ` – ${moment(bar.until)}` : bar.end === 'open' ? ` – ${now}` : bar.end === 'unknown' ? `, ${t('medicines.endUnknown')}` : '';
  return [name, t(`medicines.kind.${bar.kind}`), stateOf(t, bar), bar.dose, `${moment(bar.at)}${until}`].filter(Boolean).join(', ');
}

/** How far a record is: of what was never ordered, that it was not. */
function stateOf(t: Translate, { kind, status, intent, active, until }: Bar): string {
  if (intent !== undefined && ['proposal', 'plan', 'directive', 'option'].includes(intent)) return t('summary.intent', choice('intent', intent));
  if (status === 'active' && !active && until !== undefined) return t('medicines.ended');
  return t('medicines.status', choice('status', status === 'completed' ? (DONE[kind] ?? status) : status));
}

/** What is completed once it is done. */
const DONE: Partial<Record<Kind, string>> = { given: 'given', vaccination: 'given', dispensed: 'dispensed' };

interface RowProps {
  line: Line;
  window: Window;
  track: number;
  marks: { at_ms: number; x: number }[];
  /** Until when what nobody ended goes on, in words. */
  now: string;
  openWhere: OpenWhere;
}

function Row({ line, window, track, marks, now, openWhere }: RowProps) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const name = nameIn(language, line.name);
  const { lane, count } = useMemo(() => lanesOf(line.bars), [line]);
  const inView = line.bars.map((bar, n) => ({ bar, n })).filter(({ bar }) => bar.to_ms >= window.from_ms && bar.from_ms <= window.to_ms);
  const [chosen, setChosen] = useState<string>();
  const stop = inView.find(({ bar }) => bar.ref === chosen) ?? inView.at(-1);
  const latest = line.bars.findLast(({ wrong, active }) => !wrong && (!line.active || active)) ?? line.bars.at(-1);
  const length = Math.max(1, window.to_ms - window.from_ms);
  const room = track - TRACK.left - TRACK.right;
  const x = (at_ms: number) => TRACK.left + (Math.max(0, Math.min(1, (at_ms - window.from_ms) / length)) * room);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const at = inView.findIndex(({ bar }) => bar === stop?.bar);
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: inView.length - 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = inView[Math.max(0, Math.min(inView.length - 1, to))]?.bar.ref;
    setChosen(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-ref="${CSS.escape(next ?? '')}"]`)?.focus();
  };
  return (
    <div className="medicine" data-active={line.active ? '' : undefined}>
      <div className="medicine-head">
        <span className="item-drug">{name}</span>
        {latest && (
          <span className="muted medicine-latest" data-wrong={latest.wrong ? '' : undefined}>
            {[stateOf(t, latest), latest.dose, latest.reason && t('summary.for', { reason: latest.reason })].filter(Boolean).join(' · ')}
          </span>
        )}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys go from one record to the next, which are the buttons */}
      <div className="medicine-track" data-plot style={{ minHeight: count * LANE_PX + 4, width: track }} onKeyDown={onKeyDown}>
        {marks.map((mark) => (
          <i key={mark.at_ms} className="medicine-rule" style={{ left: mark.x }} aria-hidden />
        ))}
        <div className="medicine-lanes" style={{ height: count * LANE_PX }}>
        {inView.map(({ bar, n }) => {
          const isMoment = bar.end === 'moment' || bar.end === 'unknown';
          const left = x(bar.from_ms);
          const length_px = x(bar.to_ms) - left;
          // What is shorter than a finger is wide is drawn as long as it is, within what a finger hits.
          const [width, inset] = isMoment ? [LEAST_PX, undefined] : length_px < LEAST_PX ? [LEAST_PX, (LEAST_PX - Math.max(3, length_px)) / 2] : [length_px, undefined];
          const words = wordsOf(t, language, zone, name, bar, now);
          return (
            <button
              key={bar.ref}
              type="button"
              className="medicine-bar"
              data-kind={bar.kind}
              data-end={bar.end}
              data-state={bar.wrong ? 'wrong' : bar.active || bar.status === 'completed' || bar.end === 'moment' ? (['not-done', 'not-taken', 'declined'].includes(bar.status) ? 'not' : 'yes') : 'over'}
              data-now={bar.active ? '' : undefined}
              data-before={bar.from_ms < window.from_ms ? '' : undefined}
              data-after={bar.to_ms > window.to_ms ? '' : undefined}
              data-ref={bar.ref}
              {...(bar === stop?.bar && { 'data-item': '' })}
              tabIndex={bar === stop?.bar ? 0 : -1}
              style={{ left: isMoment ? left - width / 2 : left - (inset ?? 0), width, top: (lane[n] ?? 0) * LANE_PX, '--inset': inset === undefined ? undefined : `${inset}px` } as CSSProperties}
              aria-label={words}
              title={words}
              onFocus={() => setChosen(bar.ref)}
              onClick={() => openWhere(bar.ref)}
            />
          );
        })}
        </div>
      </div>
    </div>
  );
}

function Legend({ lines }: { lines: Line[] }) {
  const t = useT();
  const bars = lines.flatMap((line) => line.bars);
  const has = (test: (bar: Bar) => boolean) => bars.some(test);
  const isOrder = ({ kind }: Bar) => kind === 'order' || kind === 'statement';
  const signs = [
    { sign: 'now', word: 'medicines.sign.now', is: has((bar) => isOrder(bar) && bar.active) },
    { sign: 'over', word: 'medicines.sign.over', is: has((bar) => isOrder(bar) && !bar.active && bar.end === 'known') },
    { sign: 'unknown', word: 'medicines.sign.unknown', is: has((bar) => bar.end === 'unknown') },
    { sign: 'given', word: 'medicines.sign.given', is: has(({ kind }) => kind === 'given' || kind === 'vaccination') },
    { sign: 'dispensed', word: 'medicines.sign.dispensed', is: has(({ kind }) => kind === 'dispensed') },
    { sign: 'not', word: 'medicines.sign.not', is: has(({ status }) => ['not-done', 'not-taken', 'declined'].includes(status)) },
    { sign: 'wrong', word: 'medicines.sign.wrong', is: has(({ wrong }) => wrong) },
  ] as const;
  return (
    <div className="course-legend muted">
      {signs
        .filter(({ is }) => is)
        .map(({ sign, word }) => (
          <span key={sign}>
            <i className="medicine-sign" data-sign={sign} aria-hidden />
            {t(word)}
          </span>
        ))}
      <span>{t('course.wheel')}</span>
    </div>
  );
}

/** The same in words, newest first. */
function Table({ medicines, now, openWhere }: { medicines: Medicines; now: string; openWhere: OpenWhere }) {
  const t = useT();
  const language = useLanguage();
  const [shown, setShown] = useState(ROWS);
  const rows = useMemo(
    () => [...medicines.lines.flatMap((line) => line.bars.map((bar) => ({ name: line.name, bar }))).toSorted((a, b) => b.bar.from_ms - a.bar.from_ms), ...medicines.timeless],
    [medicines],
  );
  return (
    <>
      <div className="medicine-scroll" role="region" aria-label={t('medicines.table')} tabIndex={0}>
        <table className="medicine-table">
          <thead>
            <tr>
              {(['name', 'what', 'state', 'dose', 'time'] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`medicines.column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map(({ name, bar }) => (
              <tr key={bar.ref} data-wrong={bar.wrong ? '' : undefined}>
                <th scope="row">
                  <button type="button" className="item medicine-open item-drug" data-item data-ref={bar.ref} onClick={() => openWhere(bar.ref)}>
                    {nameIn(language, name)}
                  </button>
                </th>
                <td>{t(`medicines.kind.${bar.kind}`)}</td>
                <td>
                  {bar.wrong ? <WrongMark /> : stateOf(t, bar)}
                  {bar.reason && <span className="muted"> {t('summary.for', { reason: bar.reason })}</span>}
                </td>
                <td>{bar.dose}</td>
                <td>
                  {bar.until !== undefined ? <Between start={bar.at || undefined} end={bar.until} /> : <When at={bar.at || undefined} extent={bar.kind === 'given' ? 'full' : 'day'} />}
                  {bar.end === 'open' && <span className="muted"> – {now}</span>}
                  {bar.end === 'unknown' && <span className="muted">, {t('medicines.endUnknown')}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown && (
        <p>
          <button type="button" className="button" onClick={() => setShown(shown + ROWS)}>
            {t('medicines.moreRows', { count: rows.length - shown })}
          </button>
        </p>
      )}
    </>
  );
}
