import { useId, useMemo, useRef, type KeyboardEvent, type PointerEvent } from 'react';
import type { LabResult } from '../../api/types';
import { useLanguage, useT, type Translate } from '../../i18n';
import { useZone } from '../../live/session';
import { dotOf, timeMarks } from '../../parts/marks';
import { scaleOf, valueTicks, type Scale } from '../../parts/scale';
import { Band, numberOf, pathOf, type Point } from '../../parts/Spark';
import { formatMoment } from '../../parts/time';
import { When } from '../../parts/When';
import type { OpenWhere } from '../ChartPage';
import { flagOf, worse, type FlagOf } from '../flag';
import { WrongMark } from '../Item';
import { rangeText } from '../labs';
import { ResultValue } from '../ResultValue';
import { testName } from '../testName';
import { displayUnit } from '../unit';
import { segments } from './segments';
import { nearest, type Stop, type Strip } from './strips';
import type { Window } from './window';

export const PLOT = { left: 44, right: 14 } as const;
const HEIGHT_PX = 92;
/** Values nearer to each other than this are no marks of their own. */
const DENSE_PX = 5;
/** A press so far from a value still means it. */
const REACH_PX = 28;

interface Props {
  strip: Strip;
  window: Window;
  width: number;
  /** The moment that is pointed at in any of the strips. */
  cursor_ms: number | undefined;
  onCursor: (at_ms: number | undefined) => void;
  openWhere: OpenWhere;
}

export const stripName = (t: Translate, language: ReturnType<typeof useLanguage>, strip: Strip): string => {
  const [first] = strip.series;
  return strip.isPressure ? t('summary.bloodPressure') : first ? testName(t, language, first.test) : '';
};

/** What of a stop leads home: its first part. */
const leading = (stop: Stop): LabResult | undefined => stop.points[0]?.result;

/** A stop as one result: a blood pressure is written as one value and has the flag that is further from normal. */
function whole(stop: Stop): { result: LabResult; flag: FlagOf | undefined } | undefined {
  const [first, second] = stop.points;
  if (!first) return undefined;
  if (!second) return { result: first.result, flag: flagOf(first.result) };
  const mean = stop.points[2];
  const value = `${first.result.value ?? ''}/${second.result.value ?? ''}${mean ? ` (${mean.result.value ?? ''})` : ''}`;
  return { result: { ...first.result, value }, flag: stop.points.map(({ result }) => flagOf(result)).reduce(worse) };
}

/** One vital sign over time, on the time axis that all strips share. */
export function VitalStrip({ strip, window, width, cursor_ms, onCursor, openWhere }: Props) {
  const t = useT();
  const language = useLanguage();
  const zone = useZone();
  const clip = useId();
  const drawing = useRef<SVGSVGElement>(null);
  const name = stripName(t, language, strip);
  const unit = displayUnit(strip.unit);
  const limits = strip.series.map(({ range }) => rangeText(range)).filter(Boolean).join(' / ');

  const seen = useMemo(() => strip.stops.filter(({ at_ms }) => at_ms >= window.from_ms && at_ms <= window.to_ms), [strip, window]);
  const lines = useMemo(() => strip.series.map(({ points }) => segments(points).filter((part) => part.length > 1)), [strip]);
  const scale = useMemo(() => {
    const ranges = strip.series.flatMap(({ range }) => [numberOf(range?.low), numberOf(range?.high)]).filter((one) => one !== undefined);
    const box = { left: PLOT.left, right: Math.max(PLOT.left + 40, width - PLOT.right), top: 8, bottom: HEIGHT_PX - 8 };
    // A line that leaves the window goes to a value outside of it: that is in view as far as its height.
    const held = [...seen.flatMap(({ points }) => points), ...lines.flatMap((parts) => parts.flatMap((part) => edgesOf(part, window)))];
    return scaleOf(held, ranges.length > 0 ? Math.min(...ranges) : undefined, ranges.length > 0 ? Math.max(...ranges) : undefined, box, 0, window);
  }, [strip, seen, lines, window, width]);
  const drawn = useMemo(() => <Drawn strip={strip} lines={lines} seen={seen} scale={scale} clip={clip} />, [strip, lines, seen, scale, clip]);
  const isEmpty = seen.length === 0 && limits === '';
  const grid = useMemo(() => <Rules scale={scale} language={language} zone={zone} bare={isEmpty} />, [scale, language, zone, isEmpty]);

  const most_ms = ((window.to_ms - window.from_ms) * REACH_PX) / Math.max(1, scale.box.right - scale.box.left);
  const pointed = cursor_ms === undefined ? undefined : nearest(seen, cursor_ms, most_ms);
  const near = pointed ?? (cursor_ms === undefined ? seen.length - 1 : (nearest(seen, cursor_ms) ?? seen.length - 1));
  const shown = cursor_ms === undefined ? seen.at(-1) : pointed === undefined ? undefined : seen[pointed];
  const stop = seen[near];
  const home = stop && leading(stop);

  const timeOf = (event: { clientX: number }): number => {
    const left = drawing.current?.getBoundingClientRect().left ?? 0;
    return window.from_ms + ((event.clientX - left - scale.box.left) / (scale.box.right - scale.box.left)) * (window.to_ms - window.from_ms);
  };
  const open = (one: Stop | undefined): void => {
    const result = one && leading(one);
    if (result) openWhere(result.ref, result.field);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowLeft: near - 1, ArrowRight: near + 1, Home: 0, End: seen.length - 1 };
    const to = moves[event.key];
    if (to !== undefined) onCursor(seen[Math.max(0, Math.min(seen.length - 1, to))]?.at_ms);
    else if (event.key === 'Enter' || event.key === ' ') open(stop);
    else return;
    event.preventDefault();
  };
  const onMove = (event: PointerEvent): void => onCursor(timeOf(event));
  const value = shown && whole(shown);
  const words = stop && whole(stop);

  return (
    <section className="strip" aria-label={name}>
      <div className="strip-head">
        <h2>{name}</h2>
        <p className="muted strip-unit">{[unit, limits].filter(Boolean).join(' · ')}</p>
        <p className="strip-value" data-wrong={shown?.wrong ? '' : undefined}>
          {value ? (
            <>
              <ResultValue result={value.result} flag={value.flag} />
              {shown?.wrong && <WrongMark />}{' '}
              <span className="muted strip-at">
                <When at={value.result.at} />
              </span>
            </>
          ) : (
            <span className="muted">{t('course.nothingThen')}</span>
          )}
        </p>
        {strip.apart > 0 && <p className="muted strip-apart">{t('course.apart', { count: strip.apart })}</p>}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- for a pointer that is near a value; the value has the keys */}
      <svg
        ref={drawing}
        className="strip-plot"
        data-plot
        width={width}
        height={HEIGHT_PX}
        role="group"
        aria-label={t('course.chart', { test: name, count: seen.length })}
        onPointerMove={onMove}
        onPointerLeave={() => onCursor(undefined)}
        onClick={(event) => {
          const at = nearest(seen, timeOf(event), most_ms);
          if (at !== undefined) open(seen[at]);
        }}
      >
        {grid}
        {drawn}
        {cursor_ms !== undefined && <line className="guide" x1={scale.x(cursor_ms)} x2={scale.x(cursor_ms)} y1={0} y2={HEIGHT_PX} />}
        {seen.length === 0 && (
          <text x={(scale.box.left + scale.box.right) / 2} y={HEIGHT_PX / 2} textAnchor="middle">
            {t('course.empty')}
          </text>
        )}
        {stop && home && (
          <g
            className="point"
            role="button"
            tabIndex={0}
            data-item
            data-ref={home.ref}
            data-field={home.field}
            aria-label={`${name} ${words?.result.value ?? ''} ${unit} ${words?.flag?.code ?? ''}${stop.wrong ? ` ${t('chart.enteredInError')}` : ''}, ${formatMoment(language, home.at ?? '', zone)}`}
            onKeyDown={onKeyDown}
            onFocus={() => onCursor(stop.at_ms)}
            onBlur={() => onCursor(undefined)}
          >
            {stop.points.map((point) => (
              <circle key={point.result.field} className="reach" cx={scale.x(point.at_ms)} cy={scale.y(point.value)} r={8} data-near={cursor_ms === undefined ? undefined : ''} />
            ))}
            <rect className="hold" x={scale.x(stop.at_ms) - 12} y={HEIGHT_PX / 2 - 12} width={24} height={24} />
          </g>
        )}
      </svg>
    </section>
  );
}

/** The values between which a line crosses an end of the window, where they are outside. */
function edgesOf(part: readonly Point[], { from_ms, to_ms }: Window): Point[] {
  const before = part.findLast(({ at_ms }) => at_ms < from_ms);
  const after = part.find(({ at_ms }) => at_ms > to_ms);
  return [...(before && (part.at(-1)?.at_ms ?? 0) >= from_ms ? [before] : []), ...(after && (part[0]?.at_ms ?? 0) <= to_ms ? [after] : [])];
}

/** Lines of values and of times under the drawing; `bare`, of times alone. */
function Rules({ scale, language, zone, bare }: { scale: Scale; language: ReturnType<typeof useLanguage>; zone: string; bare: boolean }) {
  return (
    <>
      {(bare ? [] : valueTicks(scale, 4)).map((tick) => (
        <g key={tick.text}>
          <line className="rule" x1={scale.box.left} x2={scale.box.right} y1={scale.y(tick.value)} y2={scale.y(tick.value)} />
          <text x={scale.box.left - 6} y={scale.y(tick.value) + 4} textAnchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      {timeMarks(language, zone, scale).map(({ at_ms }) => (
        <line key={at_ms} className="rule" x1={scale.x(at_ms)} x2={scale.x(at_ms)} y1={scale.box.top} y2={scale.box.bottom} />
      ))}
    </>
  );
}

const crossOf = (x: number, y: number, r: number): string => `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`;
const ringOf = (x: number, y: number, r: number): string => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;

const CORRECTED = new Set(['corrected', 'amended', 'appended']);
const PRELIMINARY = new Set(['preliminary', 'registered']);

/** What a value is drawn as, by the words of the legend. */
export type Sign = 'high' | 'low' | 'corrected' | 'preliminary' | 'wrong';

export function signsOf(point: Point, wrong: boolean): Sign[] {
  if (wrong) return ['wrong'];
  const mark = flagOf(point.result)?.mark ?? '';
  const { status = '' } = point.result;
  return [
    ...(/[↑⇈]/.test(mark) ? ['high' as const] : /[↓⇊]/.test(mark) ? ['low' as const] : []),
    ...(CORRECTED.has(status) ? ['corrected' as const] : []),
    ...(PRELIMINARY.has(status) ? ['preliminary' as const] : []),
  ];
}

/** The lines and values of a strip in a few paths: a chart of thousands of values is as quick as one of ten. */
function Drawn({ strip, lines, seen, scale, clip }: { strip: Strip; lines: Point[][][]; seen: Stop[]; scale: Scale; clip: string }) {
  // Where values stand close, the line says it, and only what stands alone or means more is a mark.
  const joined = seen.length > (scale.box.right - scale.box.left) / DENSE_PX ? new Set(lines.flat(2)) : undefined;
  const paths = { plain: '', flagged: '', preliminary: '', ring: '', wrong: '', pair: '' };
  for (const { points, wrong } of seen) {
    const [upper, lower] = points;
    if (strip.isPressure && upper && lower && !wrong) paths.pair += `M${scale.x(upper.at_ms)} ${scale.y(upper.value)}L${scale.x(lower.at_ms)} ${scale.y(lower.value)}`;
    for (const point of points) {
      const [x, y] = [scale.x(point.at_ms), scale.y(point.value)];
      const flag = flagOf(point.result);
      if (wrong) paths.wrong += crossOf(x, y, 4);
      else {
        const signs = signsOf(point, wrong);
        const kind = signs.includes('preliminary') ? 'preliminary' : flag && flag.level !== 'normal' ? 'flagged' : 'plain';
        if (kind !== 'plain' || !joined?.has(point)) paths[kind] += dotOf(flag?.mark ?? '', x, y, kind === 'plain' ? 2.5 : 4);
        if (signs.includes('corrected')) paths.ring += ringOf(x, y, 6);
      }
    }
  }
  const { left, right, top, bottom } = scale.box;
  return (
    <>
      <clipPath id={clip}>
        <rect x={left} y={top - 8} width={right - left} height={bottom - top + 16} />
      </clipPath>
      <g clipPath={`url(#${CSS.escape(clip)})`}>
        {strip.series.map(({ test, range }, n) => (
          <g key={test.key}>
            <Band scale={scale} range={range} />
            <path className="line" d={(lines[n] ?? []).map((part) => pathOf(part, scale)).join('')} />
          </g>
        ))}
        <path className="pair" d={paths.pair} />
        <path className="dot" d={paths.plain} />
        <path className="dot" data-level="abnormal" d={paths.flagged} />
        <path className="hollow" d={paths.preliminary} />
        <path className="hollow" d={paths.ring} />
        <path className="cross" d={paths.wrong} />
      </g>
    </>
  );
}
